import { fromLink, type State, toLink } from './state';

type Listener = (now: State, before: State) => void;

/**
 * The page's state and the browser's history of it. A step that a person would want to go back over is pushed; what changes while
 * typing or moving replaces the step at hand.
 */
export class Store {
  #state = fromLink(location.hash);
  #listeners: Listener[] = [];
  #replacing: ReturnType<typeof setTimeout> | undefined;
  #typingUntil = 0;

  constructor() {
    addEventListener('popstate', () => {
      clearTimeout(this.#replacing);
      this.#replacing = undefined;
      this.#typingUntil = 0;
      this.#become(fromLink(location.hash));
    });
  }

  get state(): State {
    return this.#state;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** A new step of history. */
  push(change: Partial<State>): void {
    this.#flush();
    this.#typingUntil = 0;
    const next = { ...this.#state, ...change };
    if (toLink(next) !== toLink(this.#state)) history.pushState(null, '', address(next));
    this.#become(next);
  }

  /** A change by a field: the first of a run of them is a step of history, the rest change it. */
  type(change: Partial<State>): void {
    const running = performance.now() < this.#typingUntil;
    if (running) this.replace(change);
    else this.push(change);
    this.#typingUntil = performance.now() + 1500;
  }

  /** The same step, changed. Browsers limit how often history is written: the address follows a moment later. */
  replace(change: Partial<State>): void {
    const next = { ...this.#state, ...change };
    clearTimeout(this.#replacing);
    this.#replacing = setTimeout(() => this.#flush(), 200);
    this.#become(next);
  }

  #flush(): void {
    if (this.#replacing === undefined) return;
    clearTimeout(this.#replacing);
    this.#replacing = undefined;
    history.replaceState(null, '', address(this.#state));
  }

  #become(next: State): void {
    const before = this.#state;
    this.#state = next;
    for (const listener of this.#listeners) listener(next, before);
  }
}

function address(state: State): string {
  const link = toLink(state);
  return location.pathname + location.search + (link === '' ? '' : `#${link}`);
}
