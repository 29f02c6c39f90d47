import { button, el, icon, iconButton } from './dom';
import { time } from './format';
import type { Player } from './player';
import type { Hit } from './wire';

export interface DockActions {
  play(): void;
  similar(): void;
  open(): void;
  pick(): void;
}

/** The current sound at the foot of the page: what plays, and all that keys do, for fingers and screen readers. */
export class Dock {
  #play: HTMLButtonElement;
  #name = el('b', { class: 'name' });
  #folder = el('span', { class: 'about' });
  #time = el('span', { class: 'time' });
  #pick: HTMLButtonElement;
  #shown: 'play' | 'pause' = 'play';

  constructor(readonly box: HTMLElement, readonly player: Player, actions: DockActions) {
    this.#play = iconButton('Play', 'play', () => actions.play(), { class: 'play', 'aria-keyshortcuts': 'Space' });
    this.#pick = button('Pick', 'pick', () => actions.pick(), { 'aria-keyshortcuts': 'X', 'aria-pressed': 'false' });
    box.append(this.#play, el('span', { class: 'what' }, this.#name, this.#folder), this.#time, el('span', { class: 'actions' },
      button('Similar', 'similar', () => actions.similar(), { 'aria-keyshortcuts': 'S' }),
      button('Timeline', 'timeline', () => actions.open(), { 'aria-keyshortcuts': 'Enter' }), this.#pick));
  }

  show(hit: Hit | undefined, folder: string, picked: boolean): void {
    this.box.hidden = hit === undefined && this.player.track === undefined;
    for (const control of this.box.querySelectorAll<HTMLButtonElement>('.actions button')) control.disabled = hit === undefined;
    this.#pick.setAttribute('aria-pressed', String(picked));
    const playing = this.player.playing ? this.player.track : undefined;
    this.#name.textContent = playing?.name ?? hit?.name ?? this.player.track?.name ?? '';
    this.#folder.textContent = playing && playing.id !== hit?.id ? 'playing' : folder;
    this.tick(hit);
  }

  tick(hit: Hit | undefined): void {
    const shown = this.player.playing ? 'pause' : 'play';
    if (shown !== this.#shown) {
      this.#shown = shown;
      const label = shown === 'play' ? 'Play' : 'Pause';
      this.#play.setAttribute('aria-label', label);
      this.#play.title = label;
      this.#play.replaceChildren(icon(shown));
    }
    this.#time.textContent = this.player.playing || !hit
      ? this.player.describe()
      : `${time(hit.start_seconds)} / ${time(hit.duration_seconds)}`;
  }
}
