import type { Filter, Stretch } from './wire';

/** A sound searched by: a stretch of an indexed recording, or one that was dropped or recorded here and lives in this tab alone. */
export interface Example {
  id: string;
  name: string;
  /** Seconds into the recording; undefined: all of it. */
  at?: number;
  weight: number;
  /** True for a sound of this tab, which no link can carry. */
  own: boolean;
}

export interface Chosen extends Stretch {
  id: string;
}

/** Everything that a link holds. */
export interface State {
  q: string;
  examples: readonly Example[];
  index: string;
  group: 'file' | 'window';
  /** Weight of words against sound, whose weight is 1. */
  words: number;
  /** True where sounds that come to almost every sentence rank lower, by the server's query bank. */
  bank: boolean;
  filter: Readonly<Filter>;
  chosen: readonly Chosen[];
  /** Place in the list, from 0. */
  current: number;
  /** The recording whose timeline is open. */
  open?: { id: string; at: number } | undefined;
}

export const start: State = { q: '', examples: [], index: '', group: 'file', words: 1, bank: false, filter: {}, chosen: [], current: 0 };

/** Filters by their short name in a link, which comes once for each value of a list. */
const textLists = { in: 'folder', name: 'name', category: 'category', tag: 'tag' } as const;
const numberLists = { rate: 'sample_rate_hz', channels: 'channels' } as const;
const numbers = { min: 'min_seconds', max: 'max_seconds', score: 'min_score' } as const;

const separator = '~';

export function toLink(state: State): string {
  const link = new URLSearchParams();
  if (state.q.trim() !== '') link.set('q', state.q);
  for (const example of state.examples)
    link.append('like', [example.id, example.at ?? '', example.weight, example.own ? 'own' : '', example.name].join(separator));
  if (state.index !== '') link.set('index', state.index);
  if (state.group !== 'file') link.set('group', state.group);
  if (state.words !== 1) link.set('words', String(state.words));
  if (state.bank) link.set('bank', '1');
  for (const [short, name] of [...Object.entries(textLists), ...Object.entries(numberLists)])
    for (const value of state.filter[name] ?? []) link.append(short, String(value));
  for (const [short, name] of Object.entries(numbers)) {
    const value = state.filter[name];
    if (value !== undefined) link.set(short, String(value));
  }
  if (state.filter.added_after) link.set('added', state.filter.added_after);
  for (const stretch of state.chosen) link.append('pick', [stretch.id, stretch.start_seconds, stretch.end_seconds].join(separator));
  if (state.current > 0) link.set('hit', String(state.current + 1));
  if (state.open) link.set('open', [state.open.id, state.open.at].join(separator));
  return link.toString();
}

/** A link of anybody's making: what cannot be read in it is left out. */
export function fromLink(fragment: string): State {
  const link = new URLSearchParams(fragment.replace(/^#/, ''));
  const filter: Filter = {};
  for (const [short, name] of Object.entries(textLists)) {
    const values = link.getAll(short).filter(value => value !== '');
    if (values.length > 0) filter[name] = values;
  }
  for (const [short, name] of Object.entries(numberLists)) {
    const values = link.getAll(short).map(finite).filter(value => value !== undefined);
    if (values.length > 0) filter[name] = values;
  }
  for (const [short, name] of Object.entries(numbers)) {
    const value = finite(link.get(short));
    if (value !== undefined) filter[name] = value;
  }
  const added = link.get('added');
  if (added) filter.added_after = added;
  const [openId, openAt] = (link.get('open') ?? '').split(separator);
  return {
    q: link.get('q') ?? '',
    examples: link.getAll('like').flatMap(readExample),
    index: link.get('index') ?? '',
    group: link.get('group') === 'window' ? 'window' : 'file',
    words: Math.max(0, finite(link.get('words')) ?? 1),
    bank: link.get('bank') === '1',
    filter,
    chosen: link.getAll('pick').flatMap(readChosen),
    current: Math.max(0, Math.floor(finite(link.get('hit')) ?? 1) - 1),
    open: openId ? { id: openId, at: finite(openAt) ?? 0 } : undefined,
  };
}

function readExample(text: string): Example[] {
  const [id, at, weight, own, ...name] = text.split(separator);
  if (!id) return [];
  const seconds = finite(at);
  return [{
    id, name: name.join(separator), weight: finite(weight) ?? 1, own: own === 'own',
    ...(seconds === undefined ? {} : { at: seconds }),
  }];
}

function readChosen(text: string): Chosen[] {
  const [id, from, to] = text.split(separator);
  const [start_seconds, end_seconds] = [finite(from), finite(to)];
  return id && start_seconds !== undefined && end_seconds !== undefined ? [{ id, start_seconds, end_seconds }] : [];
}

function finite(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

export function sameStretch(a: Chosen, b: Chosen): boolean {
  return a.id === b.id && a.start_seconds === b.start_seconds && a.end_seconds === b.end_seconds;
}
