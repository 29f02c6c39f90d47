/** Sounds of one's own to search by: dropped, chosen or recorded, kept in this tab alone. */

export const largestBytes = 50 * 1024 * 1024;
const recordSeconds = 5;

export class Sounds {
  readonly blobs = new Map<string, Blob>();

  /** Keeps a sound under a new id. */
  keep(sound: Blob): string {
    const id = `own-${Date.now().toString(36)}-${this.blobs.size}`;
    this.blobs.set(id, sound);
    return id;
  }
}

/** One clear sentence where the file is no sound to search by. */
export function refusal(file: File): string | undefined {
  if (file.size === 0) return `“${file.name}” is empty.`;
  if (file.size > largestBytes) return `“${file.name}” has ${Math.round(file.size / 1024 / 1024)} MiB; at most 50 MiB are searched by.`;
  if (file.type !== '' && !/^(audio|video)\/|ogg|octet-stream/.test(file.type)) return `“${file.name}” is no sound (${file.type}).`;
  return undefined;
}

/** Records from the microphone until five seconds are over or the signal says so; answers WAV, 16 bits, mono. */
export async function record(elapsed: (seconds: number, of: number) => void, stop: AbortSignal): Promise<Blob> {
  if (!navigator.mediaDevices) throw new Error('Browsers open the microphone to 127.0.0.1 and to https alone.');
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
  } catch (reason) {
    throw new Error(reason instanceof DOMException && reason.name === 'NotFoundError'
      ? 'No microphone was found.'
      : 'The browser gave no access to the microphone; allow it for this page and try again.');
  }
  try {
    const recorder = new MediaRecorder(stream);
    const pieces: Blob[] = [];
    recorder.addEventListener('dataavailable', event => pieces.push(event.data));
    const done = new Promise<void>(resolve => recorder.addEventListener('stop', () => resolve(), { once: true }));
    recorder.start();
    const started = performance.now();
    const clock = setInterval(() => elapsed(Math.min(recordSeconds, (performance.now() - started) / 1000), recordSeconds), 100);
    const end = () => { if (recorder.state !== 'inactive') recorder.stop(); };
    const limit = setTimeout(end, recordSeconds * 1000);
    stop.addEventListener('abort', end, { once: true });
    await done;
    clearInterval(clock);
    clearTimeout(limit);
    return await toWav(new Blob(pieces, { type: recorder.mimeType }));
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

/** What the browser recorded, in whatever format, as WAV. */
async function toWav(recording: Blob): Promise<Blob> {
  const context = new AudioContext();
  try {
    const sound = await context.decodeAudioData(await recording.arrayBuffer());
    return encodeWav(sound);
  } finally {
    await context.close();
  }
}

function encodeWav(sound: AudioBuffer): Blob {
  const [samples, channels] = [sound.length, sound.numberOfChannels];
  const bytes = new DataView(new ArrayBuffer(44 + samples * 2));
  const ascii = (at: number, text: string) => [...text].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)));
  ascii(0, 'RIFF');
  bytes.setUint32(4, 36 + samples * 2, true);
  ascii(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, sound.sampleRate, true);
  bytes.setUint32(28, sound.sampleRate * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  ascii(36, 'data');
  bytes.setUint32(40, samples * 2, true);
  const data = Array.from({ length: channels }, (_, channel) => sound.getChannelData(channel));
  for (let i = 0; i < samples; i++) {
    const mean = data.reduce((sum, channel) => sum + channel[i]!, 0) / channels;
    bytes.setInt16(44 + i * 2, Math.round(Math.max(-1, Math.min(1, mean)) * 32767), true);
  }
  return new Blob([bytes], { type: 'audio/wav' });
}
