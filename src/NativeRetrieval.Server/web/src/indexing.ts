import { type Api, ApiError } from './api';
import type { StreamEvent } from './events';
import { count, plural } from './format';
import type { IndexingEnd, IndexingProgress } from './wire';

/** A run that brings an index up to date, as far as this page knows of it. */
export interface Run {
  state: 'running' | 'lost' | 'ended' | 'failed';
  progress?: IndexingProgress;
  /** How it ended, in words. */
  result: string;
  /** Files that it left out, each with the reason. */
  refused: string[];
  /** All that were left out, once it has ended: the server gives the reasons of the first thousand. */
  refusedInAll?: number;
  /** True from the moment at which somebody asked for its cancellation. */
  cancelling: boolean;
}

const firstPause = 1000, longestPause = 30_000;

/** The server's run, followed wherever it began: here, in another tab, or before this page was loaded. */
export class Indexing {
  run: Run | undefined;
  /** The run became another; the end says whether this page saw it running. */
  changed: (ended: boolean) => void = () => {};
  /** Files of the index are others than before; true where a known one has other content. */
  updated: (contentsChanged: boolean) => void = () => {};
  #following = false;

  constructor(readonly api: Api) {}

  get isRunning(): boolean {
    return this.run?.state === 'running' || this.run?.state === 'lost';
  }

  /** Begins a run; where one goes on already, that is followed. */
  async begin(index: string): Promise<void> {
    if (this.#following) return;
    this.#become({ state: 'running', result: '', refused: [], cancelling: false });
    await this.#follow(() => this.api.beginIndexing(index));
  }

  /** Follows a run that goes on; of one that has ended, its end is known then. */
  async resume(): Promise<void> {
    if (!this.#following) await this.#follow(() => this.api.indexing());
  }

  async cancel(): Promise<void> {
    if (!this.run) return;
    this.#become({ ...this.run, cancelling: true });
    try {
      await this.api.cancelIndexing();
    } catch (reason) {
      // It has ended by itself: its end is on the way.
      if ((reason as ApiError).status !== 404) this.#become({ ...this.run, cancelling: false, result: (reason as Error).message });
    }
  }

  async #follow(open: () => Promise<AsyncGenerator<StreamEvent> | undefined>): Promise<void> {
    this.#following = true;
    try {
      for (let pause = firstPause; ;) {
        const begun = this.isRunning;
        const fresh: Run = { state: 'running', result: '', refused: [], cancelling: this.run?.cancelling ?? false };
        try {
          const events = await open();
          if (!events) {
            if (begun) this.#end({ ...this.run!, state: 'failed', result: 'The server was started anew and the run ended; begin again.' });
            return;
          }
          for await (const event of events) {
            pause = firstPause;
            if (this.#take(event, fresh, begun)) return;
          }
        } catch (reason) {
          const known = reason instanceof ApiError ? reason : undefined;
          if (known?.status === 409 && begun) {
            open = () => this.api.indexing();
            continue;
          }
          if (known && known.retrySeconds === undefined) {
            if (begun) this.#end({ ...this.run!, state: 'failed', result: known.message });
            return;
          }
        }
        if (!this.isRunning) return;
        this.#become({ ...this.run!, state: 'lost' });
        await new Promise(resolve => setTimeout(resolve, pause));
        pause = Math.min(longestPause, 2 * pause);
        open = () => this.api.indexing();
      }
    } finally {
      this.#following = false;
    }
  }

  /** True for the last event. */
  #take({ name, data }: StreamEvent, fresh: Run, begun: boolean): boolean {
    switch (name) {
      case 'refused':
        fresh.refused.push((data as { reason: string }).reason);
        return false;
      case 'progress':
        this.#become({ ...fresh, cancelling: this.run?.cancelling ?? false, progress: data as IndexingProgress });
        return false;
      default: {
        const seen = begun || this.isRunning;
        const ended = name === 'error'
          ? { ...fresh, state: 'failed' as const, result: (data as { detail: string }).detail }
          : { ...fresh, state: 'ended' as const, ...endOf(data as IndexingEnd, name === 'cancelled') };
        if (seen) this.#end(ended, name === 'error' ? undefined : data as IndexingEnd);
        else this.#become(ended);
        return true;
      }
    }
  }

  #become(run: Run): void {
    this.run = run;
    this.changed(false);
  }

  #end(run: Run, end?: IndexingEnd): void {
    this.run = run;
    this.changed(true);
    // A run that failed may have added files before.
    if (!end || end.added + end.changed + end.moved + end.removed > 0) this.updated(!end || end.changed > 0);
  }
}

function endOf(end: IndexingEnd, cancelled: boolean): Pick<Run, 'result' | 'refusedInAll'> {
  return { result: resultOf(end, cancelled), refusedInAll: end.refused };
}

/** Files by what became of them: 12 added, 3 changed, 1 moved, 2 refused. */
function resultOf(end: IndexingEnd, cancelled: boolean): string {
  const parts = ([['added', end.added], ['changed', end.changed], ['moved', end.moved], ['removed', end.removed],
    ['refused', end.refused]] as const).filter(([, files]) => files > 0).map(([what, files]) => `${count(files)} ${what}`);
  if (cancelled) return `Cancelled${parts.length > 0 ? ` after ${parts.join(', ')}` : ''}. What was indexed stays.`;
  return parts.length > 0 ? parts.join(', ') : `Nothing to do: ${plural(end.unchanged, 'file')} unchanged`;
}
