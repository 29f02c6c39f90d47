import type { Api } from './api';
import { time } from './format';
import type { Stretch } from './wire';

export interface Track {
  id: string;
  name: string;
  duration_seconds: number;
}

/** Seconds of WAV asked for at once, where the browser cannot read the recording itself. */
const excerptSeconds = 60;

/**
 * One sound at a time, from any second. The browser reads the recording by ranges; what it cannot decode, or could not ask for with the
 * server's key, comes as WAV, a minute after the other.
 */
export class Player {
  track: Track | undefined;
  /** Says in one sentence why nothing is heard. */
  failed: (why: string) => void = () => {};
  /** Something starts, stops or moves. */
  changed: () => void = () => {};
  readonly #audio = new Audio();
  /** The stretch that the element holds; undefined: all of the recording. */
  #excerpt: Stretch | undefined;
  #from = 0;
  #loading = new AbortController();
  #blob: string | undefined;
  #ticking = false;

  constructor(readonly api: Api) {
    this.#audio.preload = 'auto';
    for (const event of ['play', 'pause', 'ended', 'seeked', 'waiting', 'playing'])
      this.#audio.addEventListener(event, () => this.#moved());
    this.#audio.addEventListener('loadedmetadata', () => {
      const at = Math.min(this.#from - this.#offset, (this.#audio.duration || 0) - 0.01);
      if (at > 0) this.#audio.currentTime = at;
    });
    this.#audio.addEventListener('ended', () => {
      const end = this.#excerpt?.end_seconds;
      if (end !== undefined && this.track && end < this.track.duration_seconds) this.#load(end, true);
    });
    this.#audio.addEventListener('error', () => this.#unplayable());
  }

  /** Seconds of the recording at which the element's sound begins. */
  get #offset(): number {
    return this.#excerpt?.start_seconds ?? 0;
  }

  get playing(): boolean {
    return !this.#audio.paused && !this.#audio.ended;
  }

  /** Seconds into the recording. */
  get now(): number {
    return this.#audio.readyState > 0 ? this.#offset + this.#audio.currentTime : this.#from;
  }

  isAt(id: string): boolean {
    return this.track?.id === id;
  }

  /** Plays from this second on. */
  play(track: Track, from: number): void {
    if (this.isAt(track.id) && this.#holds(from)) {
      this.#from = from;
      if (this.#audio.readyState > 0) this.#audio.currentTime = from - this.#offset;
      this.#start();
      return;
    }
    this.track = track;
    this.#load(from, this.api.hasKey);
  }

  toggle(): void {
    if (this.playing) this.#audio.pause();
    else if (this.track) this.play(this.track, this.#audio.ended ? 0 : this.now);
  }

  pause(): void {
    this.#audio.pause();
  }

  /** Moves to this second; what is silent stays silent. */
  seek(track: Track, to: number): void {
    const silent = !this.playing;
    const from = Math.max(0, Math.min(to, track.duration_seconds));
    if (!silent || !this.isAt(track.id) || !this.#holds(from)) this.play(track, from);
    else {
      this.#from = from;
      this.#audio.currentTime = from - this.#offset;
      this.#moved(); // before its metadata are there, the element says nothing of a move
    }
  }

  #holds(seconds: number): boolean {
    if (this.#audio.error) return false;
    return this.#excerpt === undefined || seconds >= this.#excerpt.start_seconds && seconds < this.#excerpt.end_seconds;
  }

  #load(from: number, asExcerpt: boolean): void {
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#from = from;
    if (this.#blob) URL.revokeObjectURL(this.#blob);
    this.#blob = undefined;
    const track = this.track!;
    this.#excerpt = asExcerpt
      ? { start_seconds: from, end_seconds: Math.max(from + 0.01, Math.min(track.duration_seconds, from + excerptSeconds)) }
      : undefined;
    if (this.api.hasKey && this.#excerpt) {
      void this.#loadBlob(track, this.#excerpt, this.#loading.signal);
      return;
    }
    this.#audio.src = this.api.audioAddress(track.id, this.#excerpt);
    this.#start();
  }

  async #loadBlob(track: Track, excerpt: Stretch, signal: AbortSignal): Promise<void> {
    try {
      const sound = await this.api.audio(track.id, excerpt, signal);
      this.#blob = URL.createObjectURL(sound);
      this.#audio.src = this.#blob;
      this.#start();
    } catch (reason) {
      if (!signal.aborted) this.failed(`“${track.name}” does not play: ${(reason as Error).message}`);
    }
  }

  #start(): void {
    this.#audio.play().catch((reason: DOMException) => {
      if (reason.name === 'NotAllowedError') this.failed('The browser lets no sound start by itself: press Space or the play button.');
    });
    this.#moved();
  }

  #unplayable(): void {
    if (!this.track) return;
    if (!this.#excerpt) {
      this.#load(this.#from, true);
      return;
    }
    const name = this.track.name;
    this.track = undefined;
    this.failed(`“${name}” does not play: the server no longer has it, or cannot decode it.`);
    this.changed();
  }

  #moved(): void {
    this.changed();
    if (!this.playing || this.#ticking) return;
    this.#ticking = true;
    const step = () => {
      this.changed();
      this.#ticking = this.playing;
      if (this.#ticking) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  describe(): string {
    return this.track ? `${time(this.now)} / ${time(this.track.duration_seconds)}` : '';
  }
}
