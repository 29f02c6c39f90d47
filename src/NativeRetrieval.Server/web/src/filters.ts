import { el, icon } from './dom';
import { count, length } from './format';
import type { State } from './state';
import type { Store } from './store';
import type { Filter, IndexInfo } from './wire';

interface Chip {
  label: string;
  /** Short form of the value; undefined while the chip sets nothing. */
  value(state: State): string | undefined;
  clears: readonly (keyof Filter)[];
  fields(chips: Filters): HTMLElement[];
}

const rates = [8000, 16000, 22050, 44100, 48000, 88200, 96000, 192000];

const chips: Chip[] = [
  {
    label: 'Folder', value: ({ filter }) => filter.folder?.join(' or '), clears: ['folder'],
    fields: chips => [chips.texts('Folder', 'folder', 'Field recordings/Rain', chips.folders)],
  },
  {
    label: 'Name', value: ({ filter }) => filter.name?.join(' or '), clears: ['name'],
    fields: chips => [chips.texts('Name, * and ? stand for any letters', 'name', '*door*.wav', [])],
  },
  {
    label: 'Length', value: ({ filter }) => range(filter.min_seconds, filter.max_seconds), clears: ['min_seconds', 'max_seconds'],
    fields: chips => [chips.number('At least, seconds', 'min_seconds', { min: 0, step: 'any' }),
      chips.number('At most, seconds', 'max_seconds', { min: 0, step: 'any' })],
  },
  {
    label: 'Category', value: ({ filter }) => filter.category?.join(' or '), clears: ['category'],
    fields: chips => [
      chips.choices('Category', 'category', chips.info?.categories.map(({ name, files }) => [name, `${name} (${count(files)})`]) ?? [])],
  },
  {
    label: 'Tag', value: ({ filter }) => filter.tag?.join(' or '), clears: ['tag'],
    fields: chips => [chips.texts('Tag', 'tag', 'metal', chips.info?.tags ?? [])],
  },
  {
    label: 'Format', value: ({ filter }) => format(filter), clears: ['sample_rate_hz', 'channels'],
    fields: chips => [
      chips.choices('Sample rate', 'sample_rate_hz', rates.map(rate => [String(rate), `${rate / 1000} kHz`])),
      chips.choices('Channels', 'channels', [['1', 'mono'], ['2', 'stereo'], ['4', '4'], ['6', '6'], ['8', '8']])],
  },
  {
    label: 'Added', value: ({ filter }) => filter.added_after && `after ${filter.added_after}`, clears: ['added_after'],
    fields: chips => [chips.date('Added after', 'added_after')],
  },
  {
    label: 'Score', value: ({ filter }) => filter.min_score === undefined ? undefined : `≥ ${filter.min_score}`, clears: ['min_score'],
    fields: chips => [chips.number('At least, −1 to 1', 'min_score', { min: -1, max: 1, step: 0.01 })],
  },
];

function range(from: number | undefined, to: number | undefined): string | undefined {
  if (from === undefined && to === undefined) return undefined;
  return from === undefined ? `≤ ${length(to!)}` : to === undefined ? `≥ ${length(from)}` : `${length(from)} – ${length(to)}`;
}

function format({ sample_rate_hz, channels }: Filter): string | undefined {
  const parts = [
    ...(sample_rate_hz === undefined ? [] : [`${sample_rate_hz.map(rate => rate / 1000).join(' or ')} kHz`]),
    ...(channels === undefined ? []
      : [channels.map(number => number === 1 ? 'mono' : number === 2 ? 'stereo' : `${number} channels`).join(' or ')])];
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** Filters as chips: each says its value, opens its fields and is taken away by its cross. */
export class Filters {
  info: IndexInfo | undefined;
  /** Folders as a person writes them. */
  folders: string[] = [];
  /** Sentences of the server's query bank. */
  #bank = 0;
  readonly #popover = el('div', { class: 'popover', role: 'dialog', hidden: true });
  #opener: HTMLElement | undefined;

  constructor(readonly box: HTMLElement, readonly store: Store) {
    document.body.append(this.#popover);
    addEventListener('pointerdown', event => {
      const inside = event.target instanceof Node && (this.#popover.contains(event.target) || this.#opener?.contains(event.target));
      if (!inside) this.close();
    });
    this.#popover.addEventListener('keydown', event => {
      if (event.key !== 'Escape' && event.key !== 'Enter') return;
      event.preventDefault();
      event.stopPropagation();
      const label = this.#opener?.dataset['chip'];
      this.close();
      this.box.querySelector<HTMLElement>(`[data-chip="${label}"]`)?.focus();
    });
    this.#popover.addEventListener('focusout', event => {
      if (event.relatedTarget instanceof Node && !this.#popover.contains(event.relatedTarget)) this.close();
    });
  }

  show(): void {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['chip'] : undefined;
    this.box.replaceChildren(...chips.map(chip => this.#chip(chip)), this.#ranking(), ...this.#usual(), this.#grouping());
    if (focused) this.box.querySelector<HTMLElement>(`[data-chip="${focused}"]`)?.focus();
    if (this.#opener) this.#opener = this.box.querySelector<HTMLElement>(`[data-chip="${this.#opener.dataset['chip']}"]`) ?? undefined;
    this.#opener?.setAttribute('aria-expanded', 'true');
  }

  /** Offers the server's query bank, where it has one. */
  showBank(sentences: number): void {
    this.#bank = sentences;
    this.show();
  }

  close(): void {
    this.#popover.hidden = true;
    this.#opener?.setAttribute('aria-expanded', 'false');
    this.#opener = undefined;
  }

  texts(label: string, name: 'folder' | 'name' | 'tag', placeholder: string, suggestions: string[]): HTMLElement {
    const list = el('datalist', { id: 'suggestions' }, ...suggestions.slice(0, 500).map(value => el('option', { value })));
    const box = this.#several(label, this.store.state.filter[name] ?? [], values => this.#set({ [name]: values }),
      value => el('input', { type: 'text', value, placeholder, list: 'suggestions', autocomplete: 'off' }));
    box.append(list);
    return box;
  }

  number(label: string, name: 'min_seconds' | 'max_seconds' | 'min_score', limits: Record<string, string | number>): HTMLElement {
    const field = el('input', { type: 'number', value: this.store.state.filter[name] ?? '', ...limits });
    field.addEventListener('input', () => {
      if (field.validity.valid) this.#set({ [name]: field.value === '' ? undefined : field.valueAsNumber });
    });
    return el('label', {}, label, field);
  }

  date(label: string, name: 'added_after'): HTMLElement {
    const field = el('input', { type: 'date', value: this.store.state.filter[name] ?? '' });
    field.addEventListener('input', () => this.#set({ [name]: field.value || undefined }));
    return el('label', {}, label, field);
  }

  choices(label: string, name: 'category' | 'sample_rate_hz' | 'channels', values: (readonly [string, string])[]): HTMLElement {
    return this.#several(label, (this.store.state.filter[name] ?? []).map(String),
      chosen => this.#set({ [name]: name === 'category' ? chosen : chosen?.map(Number) }), (now, isFirst) => {
        const known = values.some(([value]) => value === now) || now === '' ? values : [[now, now] as const, ...values];
        return el('select', {}, el('option', { value: '' }, isFirst ? 'any' : 'none'),
          ...known.map(([value, text]) => el('option', { value, selected: value === now }, text)));
      });
  }

  /** A field for each value and an empty one for another; what is empty is no value. */
  #several(label: string, values: readonly string[], set: (values: string[] | undefined) => void,
    make: (value: string, isFirst: boolean) => HTMLInputElement | HTMLSelectElement): HTMLElement {
    const box = el('div', { class: 'several' });
    const fields: (HTMLInputElement | HTMLSelectElement)[] = [];
    const add = (value: string) => {
      const field = make(value, fields.length === 0);
      box.append(el('label', {}, fields.length === 0 ? label : 'or another', field));
      fields.push(field);
      field.addEventListener('input', () => {
        const filled = fields.map(one => one.value.trim()).filter(text => text !== '');
        set(filled.length === 0 ? undefined : filled);
        if (fields.at(-1)?.value !== '') add('');
      });
    };
    for (const value of [...values, '']) add(value);
    return box;
  }

  #set(change: { [name in keyof Filter]?: Filter[name] | undefined }): void {
    const filter = Object.fromEntries(Object.entries({ ...this.store.state.filter, ...change }).filter(([, value]) => value !== undefined));
    this.store.type({ filter, current: 0 });
  }

  #chip(chip: Chip): HTMLElement {
    const value = chip.value(this.store.state);
    const opener = el('button', { type: 'button', 'data-chip': chip.label, 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
      chip.label, ...(value === undefined ? [] : [': ', el('b', {}, value)]));
    opener.addEventListener('click', () => this.#open(opener, chip));
    if (value === undefined) return el('span', { class: 'chip' }, opener);
    const clear = el('button', { type: 'button', class: 'clear', 'aria-label': `Remove filter ${chip.label}` }, icon('close'));
    clear.addEventListener('click', () => {
      this.close();
      this.#set(Object.fromEntries(chip.clears.map(name => [name, undefined])));
      this.box.querySelector<HTMLElement>(`[data-chip="${chip.label}"]`)?.focus();
    });
    return el('span', { class: 'chip on' }, opener, clear);
  }

  #ranking(): HTMLElement {
    const ways: [number, string][] = [[1, 'Sound and words'], [0, 'Sound alone'], [0.5, 'Sound first'], [2, 'Words first']];
    const { words } = this.store.state;
    if (!ways.some(([weight]) => weight === words)) ways.push([words, `Words × ${words}`]);
    const field = el('select', { 'aria-label': 'Ranking', 'data-chip': 'ranking' },
      ...ways.map(([weight, text]) => el('option', { value: weight, selected: weight === words }, text)));
    field.addEventListener('change', () => this.store.push({ words: Number(field.value), current: 0 }));
    return el('span', { class: 'chip choice' }, field);
  }

  /** The switch of the query bank; a link that asks for one can always be told otherwise. */
  #usual(): HTMLElement[] {
    const { bank } = this.store.state;
    if (this.#bank === 0 && !bank) return [];
    const title = this.#bank === 0 ? 'This server has no query bank'
      : `Sounds that come to almost every sentence rank lower, judged by ${count(this.#bank)} sentences`;
    const opener = el('button', { type: 'button', 'data-chip': 'bank', 'aria-pressed': String(bank), title }, 'Usual hits lower');
    opener.addEventListener('click', () => this.store.push({ bank: !this.store.state.bank, current: 0 }));
    return [el('span', { class: `chip choice${bank ? ' on' : ''}` }, opener)];
  }

  #grouping(): HTMLElement {
    const field = el('select', { 'aria-label': 'Hits for each recording', 'data-chip': 'grouping' },
      ...([['file', 'One hit a recording'], ['window', 'Every stretch']] as const)
        .map(([value, text]) => el('option', { value, selected: value === this.store.state.group }, text)));
    field.addEventListener('change', () => this.store.push({ group: field.value as State['group'], current: 0 }));
    return el('span', { class: 'chip choice' }, field);
  }

  #open(opener: HTMLElement, chip: Chip): void {
    if (this.#opener === opener) {
      this.close();
      return;
    }
    this.close();
    this.#opener = opener;
    opener.setAttribute('aria-expanded', 'true');
    this.#popover.setAttribute('aria-label', chip.label);
    this.#popover.replaceChildren(...chip.fields(this));
    this.#popover.hidden = false;
    const place = opener.getBoundingClientRect();
    const room = document.documentElement.clientWidth - this.#popover.offsetWidth - 8;
    this.#popover.style.left = `${Math.max(8, Math.min(place.left, room))}px`;
    this.#popover.style.top = `${place.bottom + 6}px`;
    this.#popover.querySelector<HTMLElement>('input, select')?.focus();
  }
}
