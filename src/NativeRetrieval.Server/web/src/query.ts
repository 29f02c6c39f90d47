import type { SentencePart } from './wire';

export interface Sentences {
  parts: SentencePart[];
  without: string[];
}

/**
 * What is written in the search field: sentences parted by semicolons. "not" (or a minus) before one excludes what it says,
 * "*0.5" behind one is its weight: "rain on a roof; wind *0.5; not music".
 */
export function parse(text: string): Sentences {
  const found: Sentences = { parts: [], without: [] };
  for (const piece of text.split(/[;\n]/).map(part => part.trim()).filter(part => part !== '')) {
    const excluded = /^(?:not\s+|[-−]\s*)(.+)$/iu.exec(piece);
    if (excluded) {
      found.without.push(excluded[1]!);
      continue;
    }
    if (/^(?:not|[-−])$/iu.test(piece)) continue;
    const weighted = /^(.+?)\s*[*×]\s*(-?\d+(?:\.\d+)?)$/u.exec(piece);
    found.parts.push(weighted ? { text: weighted[1]!, weight: Number(weighted[2]) } : { text: piece, weight: 1 });
  }
  return found;
}
