/** Shapes of the HTTP interface, named as they travel. */

export interface Stretch {
  start_seconds: number;
  end_seconds: number;
}

export interface Hit extends Stretch {
  rank: number;
  id: string;
  index: string;
  name: string;
  folder: string;
  path: string;
  score: number;
  /** Share of the index's own background that this score exceeds, 0 to 100. */
  percentile: number | null;
  sound_rank: number | null;
  word_rank: number | null;
  meaning_rank: number | null;
  words: string[];
  stretches: (Stretch & { score: number })[];
  duration_seconds: number;
  sample_rate_hz: number | null;
  channels: number | null;
  category: string | null;
  tags: string[];
  description: string | null;
  added: string | null;
}

/** A stretch to export; a table takes what a search said of it, too. */
export type ExportHit = Stretch & { id: string }
  & Partial<Pick<Hit, 'rank' | 'score' | 'percentile' | 'sound_rank' | 'word_rank' | 'meaning_rank' | 'words'>>;

export interface SearchAnswer {
  took_ms: number;
  hits: Hit[];
  /** Number of hits that passed the filters, where the server counts them. */
  total?: number;
  /** Sentences of which the model knows no word. */
  unknown_sentences?: string[];
}

/** Conditions, all of them; of a list one value is met. */
export interface Filter {
  folder?: string[];
  name?: string[];
  min_seconds?: number;
  max_seconds?: number;
  sample_rate_hz?: number[];
  channels?: number[];
  category?: string[];
  tag?: string[];
  added_after?: string;
  min_score?: number;
  id?: string;
}

export interface SentencePart {
  text: string;
  weight: number;
}

export interface ExamplePart {
  id: string;
  start_seconds?: number;
  weight: number;
}

export interface SearchRequest {
  parts: (SentencePart | ExamplePart)[];
  without: string[];
  index?: string;
  top: number;
  skip: number;
  group: 'file' | 'window';
  word_weight: number;
  /** Sounds that are near to almost any sentence rank lower. */
  query_bank?: boolean;
  filter: Filter;
}

export interface Indexes {
  indexes: IndexInfo[];
  can_update: boolean;
  /** 0: the server has no query bank. */
  query_bank_sentences: number;
}

export interface IndexInfo {
  name: string;
  files: number;
  windows: number;
  seconds: number;
  model: string;
  categories: { name: string; files: number }[];
  tags: string[];
  folders: string[];
}

export interface IndexingProgress {
  index: string;
  done: number;
  /** 0: the files are being looked for. */
  total: number;
  /** Length of what was embedded. */
  seconds: number;
  elapsed_seconds: number;
  path: string | null;
}

/** Files by what became of them. */
export interface IndexingEnd {
  added: number;
  changed: number;
  moved: number;
  removed: number;
  unchanged: number;
  refused: number;
}

export interface Peaks extends Stretch {
  points: [number, number][];
}

export interface FileDetails {
  id: string;
  name: string;
  folder: string;
  duration_seconds: number;
  category: string | null;
  description: string | null;
}
