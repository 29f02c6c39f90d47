import { type Api, ApiError } from './api';
import { parse } from './query';
import type { State } from './state';
import type { Hit, SearchAnswer, SearchRequest } from './wire';

const pageRows = 100;
const debounceMilliseconds = 140;

export type Progress =
  | { kind: 'idle' }
  | { kind: 'searching' }
  | { kind: 'done'; milliseconds: number; unknown: readonly string[]; banked: boolean }
  | { kind: 'waiting'; error: ApiError; seconds: number }
  | { kind: 'failed'; error: ApiError };

/** The question that is asked, answered a hundred rows at a time. The latest question wins: an older one is cancelled. */
export class Search {
  readonly rows = new Map<number, Hit>();
  /** Rows to scroll through: all where the server counts them, else those known and the page that follows. */
  count = 0;
  /** True once the count is of all hits. */
  complete = false;
  progress: Progress = { kind: 'idle' };
  #question: { state: State; signal: AbortSignal } | undefined;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pages = new Set<number>();
  #patience = 0;

  constructor(readonly api: Api, readonly sounds: ReadonlyMap<string, Blob>, readonly changed: (fresh: boolean) => void) {}

  /** True where the server's query bank had a say in the ranking. */
  get banked(): boolean {
    return this.progress.kind === 'done' && this.progress.banked;
  }

  /** Asks what the state says, at once or when typing rests. */
  ask(state: State, typing: boolean): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#question = undefined;
    if (isEmpty(state)) {
      this.#clear();
      this.progress = { kind: 'idle' };
      this.changed(true);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#question = { state, signal: this.#abort.signal };
      this.#patience = 0;
      void this.#first();
    }, typing ? debounceMilliseconds : 0);
  }

  /** Asks the question at hand once more. */
  again(): void {
    clearTimeout(this.#timer);
    if (this.#question) void this.#first();
  }

  /** Rows that come into view; pages they lie on are fetched once. */
  show(first: number, last: number): void {
    if (this.progress.kind !== 'done') return;
    for (let page = Math.floor(first / pageRows); page <= Math.floor(last / pageRows); page++)
      if (page * pageRows < this.count && !this.#pages.has(page)) void this.#more(page);
  }

  /** All hits in one recording, window by window. */
  async inRecording(state: State, id: string, signal: AbortSignal): Promise<Hit[]> {
    if (isEmpty(state)) return [];
    const { min_score } = state.filter;
    const whole = { ...state, group: 'window' as const, filter: { id, ...(min_score === undefined ? {} : { min_score }) } };
    return (await this.#answer(whole, 500, 0, signal)).hits;
  }

  async #first(): Promise<void> {
    const question = this.#question!;
    this.progress = { kind: 'searching' };
    this.changed(false);
    try {
      const answer = await this.#answer(question.state, pageRows, 0, question.signal);
      if (question !== this.#question) return;
      this.#clear();
      this.#pages.add(0);
      this.#take(answer, 0);
      const { took_ms: milliseconds, unknown_sentences: unknown = [] } = answer;
      this.progress = { kind: 'done', milliseconds, unknown, banked: takesBank(question.state) };
      this.changed(true);
    } catch (reason) {
      if (question === this.#question) this.#fail(reason);
    }
  }

  async #more(page: number): Promise<void> {
    const question = this.#question!;
    this.#pages.add(page);
    try {
      const answer = await this.#answer(question.state, pageRows, page * pageRows, question.signal);
      if (question !== this.#question) return;
      this.#take(answer, page);
      this.changed(false);
    } catch (reason) {
      if (question !== this.#question || !isProblem(reason)) return;
      if (reason.retrySeconds === undefined) {
        // As far as the server goes.
        this.count = Math.min(this.count, page * pageRows);
        this.complete = false;
        this.changed(false);
        return;
      }
      this.#pages.delete(page);
      setTimeout(() => { if (question === this.#question) this.changed(false); }, 1000 * reason.retrySeconds);
    }
  }

  #take(answer: SearchAnswer, page: number): void {
    const from = page * pageRows;
    answer.hits.forEach((hit, i) => this.rows.set(from + i, hit));
    const known = from + answer.hits.length;
    if (answer.total !== undefined) {
      this.count = answer.total;
      this.complete = true;
    } else if (answer.hits.length < pageRows) {
      this.count = known;
      this.complete = true;
    } else if (!this.complete) {
      this.count = Math.max(this.count, known + pageRows);
    }
  }

  #answer(state: State, top: number, skip: number, signal: AbortSignal): Promise<SearchAnswer> {
    const request = toRequest(state, top, skip);
    const own = state.examples.find(example => example.own);
    if (!own) return this.api.search(request, signal);
    if (request.parts.length > 1 || request.parts.some(part => part.weight !== 1))
      throw new ApiError(422, 'Beside a sound of your own the server takes one sentence, without a weight.');
    const sound = this.sounds.get(own.id);
    if (!sound) throw new ApiError(0, `No link holds “${own.name}”, a sound of another tab or an earlier visit: drop it again.`);
    return this.api.searchAudio(sound, request, signal);
  }

  #fail(reason: unknown): void {
    if (!isProblem(reason)) {
      if (reason instanceof DOMException && reason.name === 'AbortError') return;
      throw reason;
    }
    if (reason.retrySeconds === undefined) {
      this.#clear();
      this.progress = { kind: 'failed', error: reason };
    } else {
      const seconds = reason.status === 0 ? Math.min(30, reason.retrySeconds * 2 ** this.#patience++) : reason.retrySeconds;
      this.progress = { kind: 'waiting', error: reason, seconds };
      this.#timer = setTimeout(() => this.again(), seconds * 1000);
    }
    this.changed(true);
  }

  #clear(): void {
    this.rows.clear();
    this.#pages.clear();
    this.count = 0;
    this.complete = false;
  }
}

function isProblem(reason: unknown): reason is ApiError {
  return reason instanceof ApiError;
}

/** True when nothing says what to look for; "not" alone does not. */
export function isEmpty(state: State): boolean {
  return state.examples.length === 0 && parse(state.q).parts.length === 0;
}

/** True where the question has the sentence that a query bank takes. */
function takesBank(state: State): boolean {
  return state.bank && parse(state.q).parts.length > 0;
}

export function toRequest(state: State, top: number, skip: number): SearchRequest {
  const { parts, without } = parse(state.q);
  const examples = state.examples.filter(example => !example.own)
    .map(({ id, at, weight }) => ({ id, weight, ...(at === undefined ? {} : { start_seconds: at }) }));
  return {
    parts: [...parts, ...examples], without, top, skip, group: state.group, word_weight: state.words, filter: state.filter,
    ...(takesBank(state) ? { query_bank: true } : {}),
    ...(state.index === '' ? {} : { index: state.index }),
  };
}
