import type { Api } from './api';
import { el, iconButton } from './dom';
import { score, time } from './format';
import { draw, type Picture, type Pictures } from './pictures';
import type { Player, Track } from './player';
import type { Hit, Stretch } from './wire';

/** A recording from end to end, every hit in it, and a head that plays where one clicks. */
export class Timeline {
  /** The person closes it. */
  closed: () => void = () => {};
  /** One sentence where it cannot be shown. */
  failed: (why: string) => void = () => {};
  #track: Track | undefined;
  #hits: Hit[] = [];
  /** Seconds at which the head stands until the recording plays. */
  #at = 0;
  #shown: Stretch = { start_seconds: 0, end_seconds: 1 };
  #picture: Picture | undefined;
  #drawn: Stretch = this.#shown;
  #loading = new AbortController();
  #head = el('i', { class: 'head' });
  #canvas = el('canvas');
  #slider = el('div', { class: 'strip', role: 'slider', tabindex: 0, 'aria-label': 'Position', 'aria-valuemin': 0 },
    this.#canvas, this.#head);
  #ruler = el('div', { class: 'ruler', 'aria-hidden': 'true' });
  #list = el('ol', { class: 'marks', 'aria-label': 'Hits in this recording' });
  #title = el('h2');

  constructor(readonly box: HTMLElement, readonly api: Api, readonly pictures: Pictures, readonly player: Player) {
    box.append(
      el('div', { class: 'head-line' }, this.#title,
        iconButton('Previous hit ([)', 'back', () => this.step(-1)),
        iconButton('Next hit (])', 'next', () => this.step(1)),
        iconButton('Zoom in (+)', 'plus', () => this.zoom(0.5)),
        iconButton('Zoom out (−)', 'minus', () => this.zoom(2)),
        iconButton('Whole recording (0)', 'whole', () => this.zoom(Infinity)),
        iconButton('Close (Escape)', 'close', () => this.closed())),
      this.#slider, this.#ruler, this.#list);
    this.#slider.addEventListener('pointerdown', event => {
      if (event.button === 0) this.#seek(this.#secondsAt(event.clientX), true);
    });
    this.#slider.addEventListener('keydown', event => this.#key(event));
    this.#slider.addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      this.zoom((event.deltaY || event.deltaX) < 0 ? 0.7 : 1 / 0.7, this.#secondsAt(event.clientX));
    }, { passive: false });
    new ResizeObserver(() => this.redraw()).observe(this.#slider);
  }

  get isOpen(): boolean {
    return this.#track !== undefined;
  }

  /** Seconds into the recording. */
  get #here(): number {
    return this.#track && this.player.isAt(this.#track.id) ? this.player.now : this.#at;
  }

  /** Opens a recording at a second; its hits come when they are found. */
  async open(id: string, at: number, known: Track | undefined, hits: (signal: AbortSignal) => Promise<Hit[]>): Promise<void> {
    this.#loading.abort();
    const loading = this.#loading = new AbortController();
    this.box.hidden = false;
    try {
      const track = known ?? await this.api.file(id, loading.signal);
      loading.signal.throwIfAborted();
      if (this.#track?.id !== id) [this.#hits, this.#picture, this.#at] = [[], undefined, at];
      this.#track = { id, name: track.name, duration_seconds: track.duration_seconds };
      this.#title.textContent = `${track.name} · ${time(track.duration_seconds)}`;
      this.#slider.setAttribute('aria-valuemax', String(track.duration_seconds));
      this.#show({ start_seconds: 0, end_seconds: Math.max(track.duration_seconds, 0.01) });
      this.#hits = (await hits(loading.signal)).toSorted((a, b) => a.start_seconds - b.start_seconds);
      this.#listHits();
      this.redraw();
    } catch (reason) {
      if (!loading.signal.aborted) this.failed((reason as Error).message);
    }
  }

  close(): void {
    this.#loading.abort();
    this.#track = undefined;
    this.#hits = [];
    this.#picture = undefined;
    this.#list.replaceChildren();
    this.box.hidden = true;
  }

  focus(): void {
    this.#slider.focus();
  }

  /** Moves the head with the player. */
  tick(): void {
    const track = this.#track;
    if (!track) return;
    const here = this.#here;
    const share = (here - this.#shown.start_seconds) / (this.#shown.end_seconds - this.#shown.start_seconds);
    this.#head.hidden = share < 0 || share > 1;
    this.#head.style.transform = `translateX(${share * this.#slider.clientWidth}px)`;
    this.#slider.setAttribute('aria-valuenow', here.toFixed(1));
    this.#slider.setAttribute('aria-valuetext', `${time(here)} of ${time(track.duration_seconds)}`);
    const inside = this.#hits.findIndex(hit => here >= hit.start_seconds && here < hit.end_seconds);
    [...this.#list.children].forEach((item, i) => item.firstElementChild?.toggleAttribute('aria-current', i === inside));
  }

  /** Plays from the head, or pauses. */
  toggle(): void {
    if (!this.#track || this.player.isAt(this.#track.id)) this.player.toggle();
    else this.player.play(this.#track, this.#at);
  }

  /** Plays the hit before or behind the head. */
  step(by: number): void {
    const here = this.#here;
    const next = by > 0
      ? this.#hits.find(hit => hit.start_seconds > here + 0.05)
      : this.#hits.findLast(hit => hit.start_seconds < here - 1);
    if (next) this.#seek(next.start_seconds, true);
  }

  /** Shows a share of what is shown now, around a second. */
  zoom(by: number, around?: number): void {
    const track = this.#track;
    if (!track) return;
    const { start_seconds, end_seconds } = this.#shown;
    const width = Math.min(Math.max((end_seconds - start_seconds) * by, 0.5), track.duration_seconds);
    const middle = around ?? this.#here;
    const share = Math.min(1, Math.max(0, (middle - start_seconds) / (end_seconds - start_seconds)));
    const from = Math.max(0, Math.min(middle - share * width, track.duration_seconds - width));
    this.#show({ start_seconds: from, end_seconds: from + width });
  }

  redraw(): void {
    if (!this.#track) return;
    draw(this.#canvas, this.#picture, this.#drawn, this.#hits);
    this.tick();
  }

  #show(stretch: Stretch): void {
    this.#shown = stretch;
    this.#ruleAnew();
    this.tick();
    const track = this.#track!;
    const pixels = this.#slider.clientWidth * Math.min(2, devicePixelRatio);
    const width = Math.min(1600, Math.max(200, Math.round(pixels / 100) * 100));
    this.pictures.get(track.id, stretch, width, this.#loading.signal).then(picture => {
      if (stretch !== this.#shown) return;
      this.#picture = picture;
      this.#drawn = stretch;
      this.redraw();
    }, (reason: Error) => {
      if (!this.#loading.signal.aborted) this.failed(reason.message);
    });
  }

  #seek(seconds: number, aloud: boolean): void {
    if (!this.#track) return;
    const { start_seconds, end_seconds } = this.#shown;
    if (seconds < start_seconds || seconds > end_seconds) {
      const width = end_seconds - start_seconds;
      const from = Math.max(0, Math.min(seconds - width / 4, this.#track.duration_seconds - width));
      this.#show({ start_seconds: from, end_seconds: from + width });
    }
    if (aloud) this.player.play(this.#track, seconds);
    else this.player.seek(this.#track, seconds);
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    const track = this.#track;
    if (!track || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = this.#here;
    const step = steps[event.key];
    if (step !== undefined) this.#seek(Math.max(0, Math.min(here + step * (event.shiftKey ? 5 : 1), track.duration_seconds)), false);
    else if (event.key === 'Home') this.#seek(0, false);
    else if (event.key === 'End') this.#seek(track.duration_seconds, false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #secondsAt(clientX: number): number {
    const place = this.#slider.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - place.left) / place.width));
    return this.#shown.start_seconds + share * (this.#shown.end_seconds - this.#shown.start_seconds);
  }

  #listHits(): void {
    this.#list.replaceChildren(...this.#hits.map(hit => {
      const stretch = `${time(hit.start_seconds)} – ${time(hit.end_seconds)}`;
      const jump = el('button', { type: 'button' }, stretch, el('b', {}, score(hit.score)));
      jump.addEventListener('click', () => this.#seek(hit.start_seconds, true));
      return el('li', {}, jump);
    }));
  }

  /** Seconds under the strip, at a round distance that leaves room for the figures. */
  #ruleAnew(): void {
    const { start_seconds, end_seconds } = this.#shown;
    const marks = Math.max(2, Math.floor(this.#slider.clientWidth / 90));
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
    const step = steps.find(seconds => (end_seconds - start_seconds) / seconds <= marks) ?? 7200;
    const figures: HTMLElement[] = [];
    for (let at = Math.ceil(start_seconds / step) * step; at < end_seconds; at += step) {
      const figure = el('span', {}, time(at));
      figure.style.left = `${100 * (at - start_seconds) / (end_seconds - start_seconds)}%`;
      figures.push(figure);
    }
    this.#ruler.replaceChildren(...figures);
  }
}
