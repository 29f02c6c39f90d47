import { VirtualList } from './list';
import { isPicked } from './picked';
import { draw, type Pictures, rowStretch } from './pictures';
import type { Player } from './player';
import { row } from './row';
import type { Search } from './search';
import type { Store } from './store';
import type { Hit } from './wire';

export interface HitActions {
  move(at: number): void;
  play(at: number, from: number): void;
  toggle(at: number): void;
  pick(at: number): void;
  open(at: number): void;
}

const pictureWidth = 320;

/** The ranked hits: their rows, pictures, play heads and what a click on each part does. */
export class HitList {
  readonly list: VirtualList<Hit>;
  /** The folder that all recordings lie in. */
  root = '';
  readonly #fetching = new Map<HTMLElement, AbortController>();
  readonly #hitOf = new Map<HTMLElement, Hit>();

  constructor(readonly box: HTMLElement, readonly search: Search, readonly store: Store,
    readonly pictures: Pictures, readonly player: Player, readonly actions: HitActions) {
    const hits = this;
    this.list = new VirtualList<Hit>(box, {
      get count() { return search.count; },
      row: at => search.rows.get(at),
      make: (hit, at) => hits.#make(hit, at),
      gone: element => hits.#gone(element),
      shown: (first, last) => search.show(first, last),
    });
    box.addEventListener('click', event => this.#click(event));
    box.addEventListener('dblclick', event => {
      const at = this.#rowAt(event);
      if (at !== undefined && !(event.target as Element).closest('.tick, .rank, .picture')) actions.open(at);
    });
  }

  get current(): Hit | undefined {
    return this.search.rows.get(this.list.current);
  }

  /** Shows what is picked. */
  mark(): void {
    for (const [, { element, item }] of this.list.elements)
      element.setAttribute('aria-selected', String(item !== undefined && isPicked(this.store.state.chosen, item)));
  }

  /** Moves the heads of the rows that play. */
  tick(): void {
    for (const [element, hit] of this.#hitOf) {
      const head = element.querySelector<HTMLElement>('.head')!;
      const here = this.player.isAt(hit.id) && this.player.playing;
      element.classList.toggle('playing', here);
      const shown = rowStretch(hit);
      const share = (this.player.now - shown.start_seconds) / (shown.end_seconds - shown.start_seconds);
      head.hidden = !here || share < 0 || share > 1;
      if (!head.hidden) head.style.transform = `translateX(${share * head.parentElement!.clientWidth}px)`;
    }
  }

  redraw(): void {
    for (const [element, hit] of this.#hitOf) this.#draw(element, hit);
  }

  #make(hit: Hit | undefined, at: number): HTMLElement {
    const element = row(hit, at, this.root, this.search.banked);
    element.setAttribute('aria-selected', String(hit !== undefined && isPicked(this.store.state.chosen, hit)));
    if (!hit) return element;
    this.#hitOf.set(element, hit);
    element.querySelector<HTMLElement>('.head')!.hidden = true;
    const shown = rowStretch(hit);
    if (this.pictures.ready(hit.id, shown, pictureWidth)) {
      requestAnimationFrame(() => this.#draw(element, hit));
      return element;
    }
    const abort = new AbortController();
    this.#fetching.set(element, abort);
    // Rows that only rush by are not fetched.
    setTimeout(() => {
      if (abort.signal.aborted) return;
      this.#draw(element, hit);
      this.pictures.get(hit.id, shown, pictureWidth, abort.signal)
        .then(() => this.#draw(element, hit), () => element.classList.add('no-picture'));
    }, 60);
    return element;
  }

  #draw(element: HTMLElement, hit: Hit): void {
    const shown = rowStretch(hit);
    const stretches = hit.stretches.length > 0 ? hit.stretches : [hit];
    draw(element.querySelector('canvas')!, this.pictures.ready(hit.id, shown, pictureWidth), shown, stretches);
  }

  #gone(element: HTMLElement): void {
    this.#fetching.get(element)?.abort();
    this.#fetching.delete(element);
    this.#hitOf.delete(element);
  }

  #rowAt(event: Event): number | undefined {
    const element = (event.target as Element).closest('.row');
    return element ? Number(element.id.slice('row-'.length)) : undefined;
  }

  #click(event: MouseEvent): void {
    const at = this.#rowAt(event);
    const hit = at === undefined ? undefined : this.search.rows.get(at);
    if (at === undefined || !hit) return;
    const target = event.target as Element;
    if (target.closest('.tick')) {
      this.actions.pick(at);
      return;
    }
    this.actions.move(at);
    const picture = target.closest('.picture');
    if (target.closest('.rank')) this.actions.toggle(at);
    else if (picture) {
      const place = picture.getBoundingClientRect();
      const { start_seconds, end_seconds } = rowStretch(hit);
      this.actions.play(at, start_seconds + (event.clientX - place.left) / place.width * (end_seconds - start_seconds));
    }
  }
}
