import type { Api } from './api';
import { button, el } from './dom';
import { plural } from './format';
import { type Chosen, sameStretch } from './state';
import type { Store } from './store';
import type { ExportHit, Hit } from './wire';

export function isPicked(chosen: readonly Chosen[], hit: Chosen): boolean {
  return chosen.some(other => sameStretch(other, hit));
}

/** Picks hits, or lets go of them where all are picked. */
export function togglePicked(store: Store, hits: readonly Chosen[]): void {
  const { chosen } = store.state;
  const fresh = hits.filter(hit => !isPicked(chosen, hit));
  store.push({
    chosen: fresh.length > 0
      ? [...chosen, ...fresh.map(({ id, start_seconds, end_seconds }) => ({ id, start_seconds, end_seconds }))]
      : chosen.filter(other => !isPicked(hits, other)),
  });
}

/** What searches said of the hits picked in this tab; a link holds their stretches alone. */
export class Findings {
  readonly #hits = new Map<string, Hit>();

  keep(hits: readonly Hit[]): void {
    for (const hit of hits) this.#hits.set(keyOf(hit), hit);
  }

  of(stretch: Chosen): ExportHit {
    const hit = this.#hits.get(keyOf(stretch));
    if (!hit) return stretch;
    const { rank, score, percentile, sound_rank, word_rank, meaning_rank, words } = hit;
    return { ...stretch, rank, score, percentile, sound_rank, word_rank, meaning_rank, words };
  }
}

function keyOf({ id, start_seconds, end_seconds }: Chosen): string {
  return `${id} ${start_seconds} ${end_seconds}`;
}

/** The picked hits' count and what to do with them. */
export function showPicked(box: HTMLElement, store: Store, findings: Findings, api: Api, failed: (why: string) => void): void {
  const { chosen } = store.state;
  box.hidden = chosen.length === 0;
  if (chosen.length === 0) {
    box.replaceChildren();
    return;
  }
  const save = (label: string, format: string, title: string) => button(label, 'file', () => {
    const hits = format === 'csv' ? chosen.map(stretch => findings.of(stretch)) : chosen;
    api.export(format, hits).then(download, (reason: Error) => failed(reason.message));
  }, { title });
  box.replaceChildren(
    el('span', {}, `${plural(chosen.length, 'hit')} picked`),
    save('CSV', 'csv', 'A table of the picked hits'),
    save('M3U', 'm3u', 'A playlist of the picked hits'),
    save('ZIP', 'zip', 'The picked stretches as WAV files'),
    button('Clear', 'close', () => store.push({ chosen: [] })));
}

function download({ file, name }: { file: Blob; name: string }): void {
  const address = URL.createObjectURL(file);
  const link = el('a', { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
