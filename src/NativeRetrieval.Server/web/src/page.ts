import type { Api, ApiError } from './api';
import { button, byId, el, iconButton, takesText } from './dom';
import { Dock } from './dock';
import { showExamples } from './examples';
import { Filters } from './filters';
import { within } from './folders';
import { milliseconds, plural } from './format';
import { askKey, showKeys } from './help';
import { HitList } from './hits';
import { Indexer } from './indexer';
import { Indexing } from './indexing';
import { Library } from './library';
import { OwnSounds } from './own';
import { Pictures } from './pictures';
import { Findings, isPicked, showPicked, togglePicked } from './picked';
import { Player } from './player';
import { parse } from './query';
import { Search } from './search';
import { start, type State, toLink } from './state';
import { Store } from './store';
import { initTheme } from './theme';
import { Timeline } from './timeline';
import type { Hit } from './wire';

/** The page: fields, hits, timeline and dock about one state. */
export class Page {
  readonly #store = new Store();
  readonly #search: Search;
  readonly #pictures: Pictures;
  readonly #player: Player;
  readonly #own: OwnSounds;
  readonly #library: Library;
  readonly #indexer: Indexer;
  readonly #hits: HitList;
  readonly #timeline: Timeline;
  readonly #dock: Dock;
  readonly #filters = new Filters(byId('chips'), this.#store);
  readonly #findings = new Findings();
  readonly #field = byId<HTMLInputElement>('q');
  readonly #examples = byId('examples');
  /** Row to go to when the answer is there. */
  #pending: number | undefined;

  constructor(readonly api: Api, readonly box: HTMLElement) {
    api.askKey = askKey;
    this.#player = new Player(api);
    this.#own = new OwnSounds(this.#store, this.#player, text => this.#notice(text));
    this.#search = new Search(api, this.#own.blobs, fresh => this.#answered(fresh));
    this.#pictures = new Pictures(api);
    this.#library = new Library(byId('library'), api, this.#store, this.#filters);
    this.#hits = new HitList(box, this.#search, this.#store, this.#pictures, this.#player, {
      move: at => this.#move(at),
      play: (at, from) => this.#play(at, from),
      toggle: at => this.#toggle(at),
      pick: at => this.#pick([at]),
      open: at => this.#open(at),
    });
    this.#timeline = new Timeline(byId('timeline'), api, this.#pictures, this.#player);
    this.#dock = new Dock(byId('dock'), this.#player, {
      play: () => this.#playOrPause(),
      similar: () => this.#similar(),
      open: () => this.#open(this.#hits.list.current),
      pick: () => this.#pick([this.#hits.list.current]),
    });
    this.#timeline.closed = () => this.#closeTimeline();
    this.#timeline.failed = why => this.#notice(why);
    this.#player.failed = why => this.#notice(why);
    this.#player.changed = () => this.#tick();
    const indexing = new Indexing(api);
    this.#indexer = new Indexer(byId('tools'), indexing, this.#library);
    indexing.updated = contentsChanged => void this.#refresh(contentsChanged);
    this.#buildTools();
    this.#listen();
    this.#store.listen((now, before) => this.#become(now, before));
    this.#become(this.#store.state, undefined);
    void this.#loadIndexes();
  }

  #buildTools(): void {
    const theme = iconButton('Colours', 'theme', () => {});
    byId('tools').append(theme, iconButton('Keys (?)', 'keys', showKeys));
    initTheme(theme, () => {
      this.#hits.redraw();
      this.#timeline.redraw();
    });
    byId('asking').append(
      button('and', 'plus', () => this.#write('; '), { title: 'Another sentence' }),
      button('not', 'not', () => this.#write('; not '), { title: 'Exclude what the next words say' }),
      ...this.#own.controls());
  }

  #listen(): void {
    this.#field.addEventListener('input', () => this.#store.type({ q: this.#field.value, current: 0 }));
    this.#field.addEventListener('keydown', event => {
      if (event.key === 'Backspace' && this.#field.value === '' && this.#store.state.examples.length > 0)
        this.#store.push({ examples: this.#store.state.examples.slice(0, -1), current: 0 });
      else if ((event.key === 'ArrowDown' || event.key === 'Enter') && this.#search.count > 0) this.box.focus();
      else return;
      event.preventDefault();
    });
    addEventListener('keydown', event => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') {
      if (this.#timeline.isOpen) this.#closeTimeline();
      else this.#field.focus();
      return;
    }
    if (takesText(event.target)) return;
    const onControl = event.target instanceof HTMLButtonElement;
    const { list } = this.#hits;
    const at = list.current;
    const inList = !onControl && !byId('timeline').contains(event.target as Node);
    const page = list.rowsInView;
    const actions: Record<string, (() => void) | false> = {
      '/': () => this.#field.select(),
      '?': showKeys,
      ' ': !onControl && (() => inList ? this.#toggle(at) : this.#timeline.toggle()),
      Enter: inList && (() => this.#open(at)),
      ArrowDown: inList && (() => this.#move(at + 1)),
      ArrowUp: inList && (() => at <= 0 ? this.#field.focus() : this.#move(at - 1)),
      j: () => this.#move(at + 1),
      k: () => this.#move(Math.max(0, at - 1)),
      PageDown: inList && (() => this.#move(at + page)),
      PageUp: inList && (() => this.#move(Math.max(0, at - page))),
      Home: inList && (() => this.#move(0)),
      End: inList && (() => this.#move(this.#search.count - 1)),
      s: () => this.#similar(),
      i: () => this.#indexer.open(),
      x: () => this.#pick([at]),
      X: () => this.#pick([...this.#search.rows.keys()]),
      '[': () => this.#timeline.step(-1),
      ']': () => this.#timeline.step(1),
      '+': () => this.#timeline.zoom(0.5),
      '-': () => this.#timeline.zoom(2),
      '0': () => this.#timeline.zoom(Infinity),
    };
    const action = actions[event.key] || ('SI'.includes(event.key) && actions[event.key.toLowerCase()]) || undefined;
    if (!action) return;
    event.preventDefault();
    action();
  }

  #become(now: State, before: State | undefined): void {
    if (this.#field.value !== now.q) this.#field.value = now.q;
    if (before === undefined || now.examples !== before.examples) showExamples(this.#examples, this.#store);
    if (before === undefined || questionOf(now) !== questionOf(before)) {
      this.#filters.show();
      this.#pending = now.current;
      this.#search.ask(now, before !== undefined && now.q !== before.q || before?.filter !== now.filter);
      document.title = now.q === '' ? 'NativeRetrieval' : `${now.q} – NativeRetrieval`;
    } else if (now.current !== before.current && now.current !== this.#hits.list.current) {
      this.#hits.list.moveTo(now.current);
    }
    if (before === undefined || now.index !== before.index) this.#showLibrary();
    if (before === undefined || now.chosen !== before.chosen) this.#showPicked();
    if (now.open?.id !== before?.open?.id) this.#showTimeline(now);
    else if (this.#timeline.isOpen && before !== undefined && questionOf(now) !== questionOf(before)) this.#showTimeline(now);
    this.#tick();
  }

  #answered(fresh: boolean): void {
    const { progress, count: hits } = this.#search;
    const busy = progress.kind === 'searching' || progress.kind === 'waiting';
    this.box.setAttribute('aria-busy', String(busy));
    document.body.classList.toggle('searching', busy);
    if (progress.kind !== 'searching') {
      this.box.hidden = hits === 0;
      this.#status();
    }
    if (fresh && progress.kind === 'done') {
      const to = this.#pending ?? 0;
      this.#pending = undefined;
      if (to === 0) this.#hits.list.toTop();
      this.#hits.list.moveTo(to);
    } else {
      this.#hits.list.update();
      // A list of unknown length may end before the row that was gone to.
      const { current } = this.#hits.list;
      if (progress.kind === 'done' && current >= 0 && current < this.#store.state.current) this.#store.replace({ current });
    }
    if (progress.kind === 'done' && fresh) {
      const unknown = progress.unknown.map(sentence => `“${sentence}”`).join(' and ');
      this.#notice(unknown === '' ? '' : `The model knows no word of ${unknown}; what sounds alike there means nothing.`);
      if (!this.#library.isLoaded) void this.#loadIndexes();
    }
    this.#tick();
  }

  #status(): void {
    const { progress, count: hits, complete } = this.#search;
    const { state } = this.#store;
    const empty = byId('empty');
    const found = complete ? plural(hits, 'hit') : `The first ${plural(this.#search.rows.size, 'hit')}`;
    byId('status').textContent = progress.kind !== 'done' ? ''
      : hits === 0 ? 'No hits'
        : `${found} in ${milliseconds(progress.milliseconds)}${this.#search.banked ? ', usual hits lower' : ''}`;
    empty.hidden = hits > 0;
    if (progress.kind === 'idle') empty.replaceChildren(...this.#welcome(state));
    else if (progress.kind === 'done' && hits === 0) {
      const filtered = Object.keys(state.filter).length > 0;
      empty.replaceChildren(el('p', {}, filtered ? 'No sound passes these filters.' : 'No sound in this index.'));
      if (filtered) empty.append(button('Remove all filters', 'close', () => this.#store.push({ filter: {}, current: 0 })));
    } else if (progress.kind === 'failed' || progress.kind === 'waiting') {
      empty.replaceChildren();
      this.#problem(progress.error, progress.kind === 'waiting' ? progress.seconds : undefined);
    }
  }

  #welcome(state: State): HTMLElement[] {
    if (parse(state.q).without.length > 0)
      return [el('p', {}, 'Say also what to look for: “not” takes away from what other words find.')];
    const example = (q: string) => {
      const link = el('a', { href: `#${toLink({ ...start, index: state.index, q })}` }, q);
      return el('li', {}, link);
    };
    return [
      el('p', {}, 'Say what it sounds like, drop a sound, or record five seconds.'),
      el('ul', {}, ...['rain on a tin roof', 'a dog barks; not music', 'metal door slams; footsteps *0.5'].map(example)),
    ];
  }

  #problem(error: ApiError, seconds: number | undefined): void {
    const again = seconds === undefined ? '' : ` Trying again in ${plural(Math.ceil(seconds), 'second')}.`;
    this.#notice(error.message + again, button('Try now', 'search', () => this.#search.again()));
  }

  /** One sentence above the hits; an empty one takes it away. */
  #notice(text: string, ...more: HTMLElement[]): void {
    const notice = byId('notice');
    if (text === '') notice.replaceChildren();
    else notice.replaceChildren(el('span', {}, text), ...more, iconButton('Dismiss', 'close', () => notice.replaceChildren()));
  }

  async #loadIndexes(): Promise<void> {
    try {
      await this.#library.load();
      this.#showLibrary();
      this.#indexer.allow();
    } catch (reason) {
      if (this.#search.progress.kind === 'idle')
        this.#notice((reason as Error).message, button('Try now', 'search', () => void this.#loadIndexes()));
      return;
    }
    if (this.#search.progress.kind === 'idle') this.#notice('');
  }

  #showLibrary(): void {
    this.#library.show();
    this.#indexer.refresh();
    const { root } = this.#library;
    if (root === this.#hits.root) return;
    this.#hits.root = root;
    this.#hits.list.refresh();
  }

  /** Shows an index whose files are others than before: its size, its filters and the hits. */
  async #refresh(contentsChanged: boolean): Promise<void> {
    if (contentsChanged) this.#pictures.forget();
    await this.#loadIndexes();
    this.#pending = Math.max(0, this.#hits.list.current);
    this.#search.again();
  }

  #showPicked(): void {
    showPicked(byId('picked'), this.#store, this.#findings, this.api, why => this.#notice(why));
    this.#hits.mark();
  }

  #showTimeline(state: State): void {
    if (!state.open) {
      this.#timeline.close();
      document.body.classList.remove('with-timeline');
      this.#hits.list.update();
      return;
    }
    document.body.classList.add('with-timeline');
    const { id, at } = state.open;
    const known = [...this.#search.rows.values()].find(hit => hit.id === id);
    void this.#timeline.open(id, at, known, signal => this.#search.inRecording(this.#store.state, id, signal));
  }

  #closeTimeline(): void {
    this.#store.push({ open: undefined });
    this.box.focus();
  }

  #move(to: number): void {
    if (this.#search.count === 0) return;
    const moved = to !== this.#hits.list.current;
    this.#hits.list.moveTo(Math.max(0, to));
    this.#store.replace({ current: this.#hits.list.current });
    const hit = this.#hits.current;
    if (moved && hit && this.#player.playing && !this.#player.isAt(hit.id)) this.#player.play(hit, hit.start_seconds);
  }

  #play(at: number, from: number): void {
    const hit = this.#search.rows.get(at);
    if (hit) this.#player.play(hit, from);
  }

  /** Plays a hit from its own time, or pauses it. */
  #toggle(at: number): void {
    const hit = this.#search.rows.get(at);
    if (hit && this.#player.playing && this.#player.isAt(hit.id)) this.#player.pause();
    else if (hit) this.#player.play(hit, hit.start_seconds);
    else this.#player.pause();
  }

  /** What the dock's button does: pauses what plays, else plays what is open or current. */
  #playOrPause(): void {
    if (this.#player.playing) this.#player.pause();
    else if (this.#timeline.isOpen) this.#timeline.toggle();
    else this.#toggle(this.#hits.list.current);
  }

  #pick(rows: number[]): void {
    const hits = rows.flatMap(at => this.#search.rows.get(at) ?? []);
    if (hits.length === 0) return;
    this.#findings.keep(hits);
    togglePicked(this.#store, hits);
  }

  #open(at: number): void {
    const hit = this.#search.rows.get(at);
    if (!hit) return;
    this.#store.push({ open: { id: hit.id, at: hit.start_seconds } });
    this.#timeline.focus();
  }

  #similar(): void {
    const hit = this.#hits.current;
    if (!hit) return;
    const example = { id: hit.id, name: hit.name, at: hit.start_seconds, weight: 1, own: false };
    this.#store.push({ q: '', examples: [example], current: 0, open: undefined });
    this.box.focus();
  }

  /** Writes at the end of the field, as the buttons beside it do. */
  #write(text: string): void {
    const before = this.#field.value.replace(/[;\s]+$/, '');
    this.#field.value = before === '' ? text.replace(/^; /, '') : before + text;
    this.#field.focus();
    this.#store.type({ q: this.#field.value, current: 0 });
  }

  #tick(): void {
    const hit: Hit | undefined = this.#hits.current;
    this.#hits.tick();
    this.#timeline.tick();
    this.#dock.show(hit, within(this.#hits.root, hit?.folder ?? ''), hit !== undefined && isPicked(this.#store.state.chosen, hit));
  }
}

/** What an answer depends on. */
function questionOf(state: State): string {
  return toLink({ ...state, chosen: [], current: 0, open: undefined });
}

