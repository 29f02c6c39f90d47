import { byId, el, iconButton } from './dom';
import type { Player } from './player';
import { record, refusal, Sounds } from './sounds';
import type { Store } from './store';

/** The ways to search by a sound of one's own: drop it on the page, choose it, or record it. */
export class OwnSounds {
  readonly #sounds = new Sounds();
  readonly #record: HTMLButtonElement;
  #recording: AbortController | undefined;

  /** Says one sentence above the hits. */
  constructor(readonly store: Store, readonly player: Player, readonly say: (text: string) => void) {
    this.#record = iconButton('Record five seconds', 'record', () => void this.#recordOrStop(), { id: 'record' });
    this.#listen();
  }

  /** The sounds of this tab by their ids. */
  get blobs(): ReadonlyMap<string, Blob> {
    return this.#sounds.blobs;
  }

  /** What stands beside the field. */
  controls(): HTMLElement[] {
    const chooser = el('input', {
      type: 'file', accept: 'audio/*,.flac,.aif,.aiff,.ogg,.opus', hidden: true, 'aria-label': 'Sound to search by',
    });
    chooser.addEventListener('change', () => {
      if (chooser.files?.[0]) this.#searchByFile(chooser.files[0]);
      chooser.value = '';
    });
    return [this.#record, iconButton('Choose a sound to search by', 'file', () => chooser.click()), chooser];
  }

  #listen(): void {
    const drop = byId('drop');
    const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    addEventListener('dragover', event => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      drop.hidden = false;
    });
    addEventListener('dragleave', event => { if (event.relatedTarget === null) drop.hidden = true; });
    addEventListener('drop', event => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      drop.hidden = true;
      const file = event.dataTransfer?.files[0];
      if (file) this.#searchByFile(file);
    });
  }

  #searchByFile(file: File): void {
    const no = refusal(file);
    if (no) this.say(no);
    else this.#searchBy(file, file.name);
  }

  #searchBy(sound: Blob, name: string): void {
    const example = { id: this.#sounds.keep(sound), name, weight: 1, own: true };
    this.store.push({ q: '', examples: [example], current: 0, open: undefined });
  }

  async #recordOrStop(): Promise<void> {
    if (this.#recording) {
      this.#recording.abort();
      return;
    }
    const recording = this.#recording = new AbortController();
    this.player.pause();
    this.#record.classList.add('recording');
    this.#record.setAttribute('aria-label', 'Stop recording');
    try {
      const sound = await record((seconds, of) => this.say(`Recording: ${seconds.toFixed(1)} of ${of} s.`), recording.signal);
      this.say('');
      this.#searchBy(sound, 'recording');
    } catch (reason) {
      this.say((reason as Error).message);
    } finally {
      this.#recording = undefined;
      this.#record.classList.remove('recording');
      this.#record.setAttribute('aria-label', 'Record five seconds');
    }
  }
}
