import { eventsOf, type StreamEvent } from './events';
import type { ExportHit, FileDetails, Indexes, Peaks, SearchAnswer, SearchRequest, Stretch } from './wire';

/** A request that came to nothing, with the one sentence that says why. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly retrySeconds?: number) {
    super(message);
  }
}

const keyName = 'nativeretrieval.key';

/** Requests to the server that this page came from. Where it asks for a key, the key stays in this tab's memory of the session. */
export class Api {
  /** Asks the person for the key; undefined when they would rather not. */
  askKey: () => Promise<string | undefined> = async () => undefined;
  #asking: Promise<string | undefined> | undefined;

  get hasKey(): boolean {
    return sessionStorage.getItem(keyName) !== null;
  }

  indexes(): Promise<Indexes> {
    return this.#json('/v1/indexes', {});
  }

  /** Brings an index up to date; the events of that run. */
  async beginIndexing(index: string): Promise<AsyncGenerator<StreamEvent>> {
    const headers = { 'Content-Type': 'application/json' };
    return eventsOf(await this.#fetch('/v1/index', { method: 'POST', body: JSON.stringify({ index }), headers }));
  }

  /** The events of the run that goes on, or the end of the last; undefined: there was none. */
  async indexing(): Promise<AsyncGenerator<StreamEvent> | undefined> {
    const answer = await this.#fetch('/v1/index', {});
    return answer.status === 204 ? undefined : eventsOf(answer);
  }

  async cancelIndexing(): Promise<void> {
    await this.#fetch('/v1/index', { method: 'DELETE' });
  }

  search(request: SearchRequest, signal: AbortSignal): Promise<SearchAnswer> {
    const headers = { 'Content-Type': 'application/json' };
    return this.#json('/v1/search', { method: 'POST', body: JSON.stringify(request), headers, signal });
  }

  /** Search by a sound of this tab; the rest of the question travels in the address. */
  searchAudio(sound: Blob, request: SearchRequest, signal: AbortSignal): Promise<SearchAnswer> {
    const { parts, without, filter, ...rest } = request;
    const sentence = parts.find(part => 'text' in part);
    const address = query({ ...rest, ...filter, q: sentence?.text, without });
    const headers = { 'Content-Type': sound.type || 'application/octet-stream' };
    return this.#json(`/v1/search/audio?${address}`, { method: 'POST', body: sound, headers, signal });
  }

  file(id: string, signal: AbortSignal): Promise<FileDetails> {
    return this.#json(`/v1/files/${encodeURIComponent(id)}`, { signal });
  }

  peaks(id: string, points: number, stretch: Stretch, signal: AbortSignal): Promise<Peaks> {
    return this.#json(`${audio(id)}/peaks?${query({ points, ...limits(stretch) })}`, { signal });
  }

  async spectrogram(id: string, width: number, stretch: Stretch, signal: AbortSignal): Promise<Blob> {
    return (await this.#fetch(`${audio(id)}/spectrogram?${query({ width, ...limits(stretch) })}`, { signal })).blob();
  }

  /** Address of a recording for an audio element, which reads it by ranges; of a stretch: as WAV. */
  audioAddress(id: string, stretch?: Stretch): string {
    return audio(id) + (stretch ? `?${query({ as: 'wav', ...limits(stretch) })}` : '');
  }

  /** A stretch as WAV where the server asks for a key, which audio elements cannot send. */
  async audio(id: string, stretch: Stretch, signal: AbortSignal): Promise<Blob> {
    return (await this.#fetch(this.audioAddress(id, stretch), { signal })).blob();
  }

  async export(format: string, hits: readonly ExportHit[]): Promise<{ file: Blob; name: string }> {
    const answer = await this.#fetch('/v1/export', {
      method: 'POST', body: JSON.stringify({ format, hits }), headers: { 'Content-Type': 'application/json' },
    });
    const name = /filename="?([^";]+)"?/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? `sounds.${format}`;
    return { file: await answer.blob(), name };
  }

  async #json<T>(address: string, request: RequestInit): Promise<T> {
    return await (await this.#fetch(address, request)).json() as T;
  }

  async #fetch(address: string, request: RequestInit): Promise<Response> {
    for (;;) {
      const key = sessionStorage.getItem(keyName);
      const headers = new Headers(request.headers);
      if (key !== null) headers.set('Authorization', `Bearer ${key}`);
      const answer = await send(address, { ...request, headers });
      if (answer.ok) return answer;
      if (answer.status === 401 && await this.#newKey(key)) continue;
      throw await failure(answer);
    }
  }

  /** True when there is a key to try that is not the one refused; requests that fail together ask once. */
  async #newKey(refused: string | null): Promise<boolean> {
    if (sessionStorage.getItem(keyName) !== refused) return true;
    this.#asking ??= this.askKey().finally(() => { this.#asking = undefined; });
    const key = await this.#asking;
    if (key === undefined) return false;
    sessionStorage.setItem(keyName, key);
    return true;
  }
}

async function send(address: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address, request);
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
    throw new ApiError(0, 'The server does not answer. Is “nativeretrieval serve” still running?', 3);
  }
}

async function failure(answer: Response): Promise<ApiError> {
  const problem = await answer.json().catch(() => ({})) as { title?: string; detail?: string };
  const said = problem.detail ?? problem.title ?? '';
  const wait = Number(answer.headers.get('Retry-After') ?? '');
  const seconds = wait > 0 ? wait : undefined;
  switch (answer.status) {
    case 401: return new ApiError(401, 'This server asks for its key.');
    case 404: return new ApiError(404, said || 'The server no longer knows this sound: the index may have changed. Search again.');
    case 413: return new ApiError(413, said || 'The server takes no sound that large.');
    case 429: return new ApiError(429, 'The server is busy.', seconds ?? 1);
    case 503: return new ApiError(503, said || 'The server’s model is not open yet.', seconds ?? 3);
    default: return new ApiError(answer.status, said || `The server answered ${answer.status}.`);
  }
}

function audio(id: string): string {
  return `/v1/audio/${encodeURIComponent(id)}`;
}

function limits(stretch: Stretch): Record<string, number> {
  return { start_seconds: stretch.start_seconds, end_seconds: stretch.end_seconds };
}

type Value = string | number | boolean | undefined;

/** The parameters of an address; one of a list comes once for each value. */
function query(values: Record<string, Value | readonly Value[]>): URLSearchParams {
  const address = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== '') address.append(name, String(one));
  return address;
}
