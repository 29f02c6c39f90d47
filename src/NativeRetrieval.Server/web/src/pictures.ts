import type { Api } from './api';
import { colour } from './colors';
import type { Peaks, Stretch } from './wire';

/** Shape and spectrum of a stretch of sound, ready to draw. */
export interface Picture {
  peaks: Peaks;
  spectrogram: CanvasImageSource | undefined;
}

const kept = 300;
const atOnce = 6;

/** Pictures of sounds, fetched a few at a time and kept while there is room. */
export class Pictures {
  readonly #made = new Map<string, Picture>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(readonly api: Api) {}

  /** The picture where it is at hand. */
  ready(id: string, stretch: Stretch, width: number): Picture | undefined {
    return this.#made.get(keyOf(id, stretch, width));
  }

  /** Drops all: sounds have changed. */
  forget(): void {
    this.#made.clear();
  }

  async get(id: string, stretch: Stretch, width: number, signal: AbortSignal): Promise<Picture> {
    const key = keyOf(id, stretch, width);
    const made = this.#made.get(key);
    if (made) return made;
    await this.#turn(signal);
    try {
      const [peaks, spectrogram] = await Promise.all([
        this.api.peaks(id, width, stretch, signal),
        this.api.spectrogram(id, width, stretch, signal).then(coloured),
      ]);
      const picture = { peaks, spectrogram };
      this.#made.set(key, picture);
      for (const old of this.#made.keys()) {
        if (this.#made.size <= kept) break;
        this.#made.delete(old);
      }
      return picture;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#running >= atOnce) await new Promise<void>(resolve => this.#waiting.push(resolve));
    this.#running++;
    if (signal.aborted) {
      this.#running--;
      this.#waiting.shift()?.();
      signal.throwIfAborted();
    }
  }
}

function keyOf(id: string, stretch: Stretch, width: number): string {
  return `${id} ${stretch.start_seconds} ${stretch.end_seconds} ${width}`;
}

async function coloured(png: Blob): Promise<CanvasImageSource> {
  const grey = await createImageBitmap(png);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [grey.width, grey.height];
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(grey, 0, 0);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  colour(image.data);
  context.putImageData(image, 0, 0);
  grey.close();
  return canvas;
}

/** Draws the waveform above the spectrogram, stretches in full colour and what lies outside them held back. */
export function draw(canvas: HTMLCanvasElement, picture: Picture | undefined, shown: Stretch, stretches: readonly Stretch[]): void {
  const scale = devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
  if (width === 0 || height === 0) return;
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d')!;
  const { color: inside, caretColor: outside } = getComputedStyle(canvas);
  const wave = Math.round(height * 0.4);
  const toX = (seconds: number) => (seconds - shown.start_seconds) / (shown.end_seconds - shown.start_seconds) * width;
  const marked = stretches.map(({ start_seconds, end_seconds }) => {
    const from = toX(start_seconds);
    return [from, Math.max(toX(end_seconds), from + 2)] as const;
  });
  const isInside = (x: number) => marked.length === 0 || marked.some(([from, to]) => x >= from && x < to);

  if (!picture) {
    context.fillStyle = outside;
    context.fillRect(0, Math.round(wave / 2), width, Math.max(1, Math.round(scale)));
    return;
  }
  if (picture.spectrogram) {
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture.spectrogram, 0, wave, width, height - wave);
    context.fillStyle = 'rgb(10 10 14 / 55%)';
    let from = 0;
    for (const [left, right] of marked.toSorted(([a], [b]) => a - b)) {
      if (left > from) context.fillRect(from, wave, left - from, height - wave);
      from = Math.max(from, right);
    }
    if (marked.length > 0 && from < width) context.fillRect(from, wave, width - from, height - wave);
  }
  const points = picture.peaks.points;
  const middle = wave / 2;
  for (let x = 0; x < width; x++) {
    const point = points[Math.min(points.length - 1, Math.floor(x / width * points.length))];
    if (!point) break;
    const top = middle - point[1] * (middle - 1);
    context.fillStyle = isInside(x) ? inside : outside;
    context.fillRect(x, top, 1, Math.max(scale, middle - point[0] * (middle - 1) - top));
  }
}

/** Stretch of a recording that its row shows: all of a short one, else half a minute around the hit. */
export function rowStretch(hit: Stretch & { duration_seconds: number }): Stretch {
  const room = 30;
  if (hit.duration_seconds <= room) return { start_seconds: 0, end_seconds: Math.max(hit.duration_seconds, 0.01) };
  const width = Math.max(room, 2 * (hit.end_seconds - hit.start_seconds));
  const middle = (hit.start_seconds + hit.end_seconds) / 2;
  const from = Math.max(0, Math.min(middle - width / 2, hit.duration_seconds - width));
  return { start_seconds: from, end_seconds: Math.min(hit.duration_seconds, from + width) };
}
