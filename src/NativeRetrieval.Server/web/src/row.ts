import { el, icon } from './dom';
import { count, length, percent, score, time } from './format';
import { within } from './folders';
import type { Hit } from './wire';

/** A row's words, with those that the query matched marked. */
function marked(text: string, words: readonly string[]): (Node | string)[] {
  if (words.length === 0) return [text];
  const pattern = words.map(word => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
  const pieces = text.split(new RegExp(`(${pattern})`, 'iu'));
  return pieces.map((piece, i) => i % 2 === 0 ? piece : el('mark', {}, piece)).filter(piece => piece !== '');
}

/** Why a hit came: its place among the nearest sounds, the best words and the texts that mean the same. */
function why(hit: Hit, banked: boolean): HTMLElement[] {
  const { sound_rank, word_rank, meaning_rank, words } = hit;
  const reasons: HTMLElement[] = [];
  const title = banked ? 'Its place by sound, with usual hits lower: not by the score alone' : undefined;
  if (sound_rank !== null) reasons.push(el('span', { class: 'by', title }, `sound #${count(sound_rank)}`));
  if (word_rank !== null) {
    const said = words.length > 0 ? `: ${words.join(', ')}` : '';
    reasons.push(el('span', { class: 'by words' }, `words #${count(word_rank)}${said}`));
  }
  if (meaning_rank !== null) reasons.push(el('span', { class: 'by words' }, `meaning #${count(meaning_rank)}`));
  return reasons;
}

function stretchText(hit: Hit): string {
  return `${time(hit.start_seconds)} – ${time(hit.end_seconds)}`;
}

/**
 * The element of one hit. Its tick, rank and picture take the mouse; keys do the same from the list.
 * The root is the folder that all of the index's lie in, which needs no saying; banked is true of hits that a query bank had a say in.
 */
export function row(hit: Hit | undefined, at: number, root: string, banked: boolean): HTMLElement {
  if (!hit) {
    const rank = el('span', { class: 'rank' }, count(at + 1));
    return el('div', { class: 'row waiting' }, rank, el('span', { class: 'unseen' }, 'loading'));
  }
  const more = hit.stretches.length > 1 ? ` + ${hit.stretches.length - 1}` : '';
  const about = [within(root, hit.folder), hit.category, hit.description].filter((text): text is string => text !== null && text !== '');
  return el('div', { class: 'row', title: hit.path },
    el('span', { class: 'tick', 'aria-hidden': 'true' }, icon('pick')),
    el('span', { class: 'rank', 'aria-hidden': 'true' }, el('span', {}, count(hit.rank)), icon('play')),
    el('span', { class: 'picture', 'aria-hidden': 'true' }, el('canvas'), el('i', { class: 'head' })),
    el('span', { class: 'what' },
      el('b', { class: 'name' }, ...marked(hit.name, hit.words)),
      el('span', { class: 'about' }, ...about.flatMap((text, i) => [...(i > 0 ? [' · '] : []), ...marked(text, hit.words)])),
      el('span', { class: 'why' }, ...why(hit, banked))),
    el('span', { class: 'when' },
      el('span', { class: 'stretch' }, stretchText(hit) + more),
      el('span', { class: 'of' }, `of ${length(hit.duration_seconds)}`)),
    scoreOf(hit));
}

function scoreOf(hit: Hit): HTMLElement {
  const shown = el('span', { class: 'score' }, el('b', {}, score(hit.score)));
  if (hit.percentile === null) return shown;
  const bar = el('i', { class: 'bar', 'aria-hidden': 'true' });
  // The last percent tells most: three quarters of the bar are for the last ten.
  const share = hit.percentile >= 90 ? 0.25 + 0.75 * (hit.percentile - 90) / 10 : 0.25 * hit.percentile / 90;
  bar.style.setProperty('--share', String(share));
  const title = 'Share of this index’s own background that scores lower';
  shown.append(bar, el('span', { class: 'of', title }, `over ${percent(hit.percentile)}`));
  return shown;
}
