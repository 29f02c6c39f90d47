import { el } from './dom';

/** What fills the rows of a list. */
export interface RowSource<T> {
  count: number;
  row(at: number): T | undefined;
  /** A row's element for an item, or for one that is still on its way. */
  make(item: T | undefined, at: number): HTMLElement;
  /** A row's element leaves the list. */
  gone(element: HTMLElement): void;
  /** The rows in view changed. */
  shown(first: number, last: number): void;
}

const overscan = 4;

/**
 * A list box of any length: only the rows in view exist, and the current one, which screen readers are pointed at. All rows have one
 * height, which the style sheet gives as --row.
 */
export class VirtualList<T> {
  readonly #body = el('div', { role: 'presentation', class: 'rows' });
  readonly #made = new Map<number, { element: HTMLElement; item: T | undefined }>();
  #rowHeight = 72;
  #current = -1;
  #scheduled = false;

  constructor(readonly box: HTMLElement, readonly source: RowSource<T>) {
    box.append(this.#body);
    box.addEventListener('scroll', () => this.#schedule(), { passive: true });
    new ResizeObserver(() => {
      this.#rowHeight = parseFloat(getComputedStyle(box).getPropertyValue('--row')) || 72;
      this.refresh();
    }).observe(box);
  }

  get current(): number {
    return this.#current;
  }

  get rowsInView(): number {
    return Math.max(1, Math.floor(this.box.clientHeight / this.#rowHeight));
  }

  /** Makes the rows in view anew. */
  refresh(): void {
    for (const at of [...this.#made.keys()]) this.#drop(at);
    this.update();
  }

  /** Brings the rows in view up to date; those whose item is the same stay. */
  update(): void {
    this.#current = Math.min(this.#current, this.source.count - 1);
    this.#body.style.height = `${this.source.count * this.#rowHeight}px`;
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.#rowHeight) - overscan);
    const last = Math.min(this.source.count, Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.#rowHeight) + overscan) - 1;
    const wanted = new Set<number>();
    for (let at = first; at <= last; at++) wanted.add(at);
    if (this.#current >= 0 && this.#current < this.source.count) wanted.add(this.#current);
    for (const [at, { item }] of [...this.#made]) if (!wanted.has(at) || item !== this.source.row(at)) this.#drop(at);
    for (const at of wanted) if (!this.#made.has(at)) this.#add(at);
    this.#point();
    if (last >= first) this.source.shown(first, last);
  }

  /** Makes a row the current one and brings it into view. */
  moveTo(at: number, scroll = true): void {
    this.#current = Math.min(Math.max(at, -1), this.source.count - 1);
    if (scroll && this.#current >= 0) {
      const top = this.#current * this.#rowHeight;
      const { scrollTop, clientHeight } = this.box;
      if (top < scrollTop) this.box.scrollTop = top;
      else if (top + this.#rowHeight > scrollTop + clientHeight) this.box.scrollTop = top + this.#rowHeight - clientHeight;
    }
    this.update();
  }

  toTop(): void {
    this.box.scrollTop = 0;
  }

  elementAt(at: number): HTMLElement | undefined {
    return this.#made.get(at)?.element;
  }

  get elements(): IterableIterator<[number, { element: HTMLElement; item: T | undefined }]> {
    return this.#made.entries();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.update();
    });
  }

  #add(at: number): void {
    const item = this.source.row(at);
    const element = this.source.make(item, at);
    element.id = `row-${at}`;
    element.setAttribute('role', 'option');
    element.setAttribute('aria-posinset', String(at + 1));
    element.style.transform = `translateY(${at * this.#rowHeight}px)`;
    // Screen readers read rows in the order of the document.
    const next = [...this.#made.entries()].filter(([other]) => other > at).sort(([a], [b]) => a - b)[0]?.[1].element;
    this.#body.insertBefore(element, next ?? null);
    this.#made.set(at, { element, item });
  }

  #drop(at: number): void {
    const made = this.#made.get(at);
    if (!made) return;
    this.source.gone(made.element);
    made.element.remove();
    this.#made.delete(at);
  }

  #point(): void {
    for (const [at, { element }] of this.#made) {
      element.setAttribute('aria-setsize', String(this.source.count));
      element.classList.toggle('current', at === this.#current);
    }
    if (this.#made.has(this.#current)) this.box.setAttribute('aria-activedescendant', `row-${this.#current}`);
    else this.box.removeAttribute('aria-activedescendant');
  }
}
