import type { Api } from './api';
import { el } from './dom';
import type { Filters } from './filters';
import { commonRoot, within } from './folders';
import { length, plural } from './format';
import type { Store } from './store';
import type { IndexInfo } from './wire';

/** The indexes that the server has, and at the head of the page the one that is searched. */
export class Library {
  /** True where the server may bring its indexes up to date. */
  canUpdate = false;
  /** The folder that all of the index's lie in. */
  root = '';
  #indexes: IndexInfo[] = [];

  constructor(readonly box: HTMLElement, readonly api: Api, readonly store: Store, readonly filters: Filters) {}

  get isLoaded(): boolean {
    return this.#indexes.length > 0;
  }

  /** The index that is searched. */
  get info(): IndexInfo | undefined {
    return this.#indexes.find(index => index.name === this.store.state.index) ?? this.#indexes[0];
  }

  /** One line about its size. */
  get facts(): string {
    const { info } = this;
    return info ? `${plural(info.files, 'recording')} · ${length(info.seconds)}` : '';
  }

  async load(): Promise<void> {
    const answer = await this.api.indexes();
    [this.#indexes, this.canUpdate] = [answer.indexes, answer.can_update];
    this.show();
    this.filters.showBank(answer.query_bank_sentences);
  }

  show(): void {
    const { info } = this;
    this.filters.info = info;
    this.root = commonRoot(info?.folders ?? []);
    this.filters.folders = info?.folders.map(folder => within(this.root, folder)).filter(folder => folder !== '') ?? [];
    if (!info) {
      this.box.replaceChildren();
      return;
    }
    const facts = el('span', { title: info.model }, this.facts);
    if (this.#indexes.length === 1) {
      this.box.replaceChildren(el('b', {}, info.name), facts);
      return;
    }
    const field = el('select', { 'aria-label': 'Index' },
      ...this.#indexes.map(({ name }) => el('option', { value: name, selected: name === info.name }, name)));
    field.addEventListener('change', () => {
      this.store.push({ index: field.value, filter: {}, current: 0, chosen: [], open: undefined });
    });
    this.box.replaceChildren(field, facts);
  }
}
