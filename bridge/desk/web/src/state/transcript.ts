// Which words of a transcript are spoken at a moment of its recording.
import type { Utterance } from "../api/call.ts";

export interface SpokenWord {
  /** Its place among all words, in the order in which they are shown. */
  index: number;
  start_ms: number;
  end_ms: number;
}

/** No word is longer: how far back one that is still spoken may have begun. */
const LONGEST_WORD = 10_000;

/** All words by their begin; the sides may speak at the same time. */
export function wordsOf(utterances: readonly Utterance[]): SpokenWord[] {
  return utterances
    .flatMap(({ words }) => words)
    .map(({ start_ms, end_ms }, index) => ({ index, start_ms, end_ms }))
    .sort((one, other) => one.start_ms - other.start_ms);
}

/** The places of the words that are spoken at `ms`; `words` as `wordsOf` gives them. */
export function spokenAt(words: readonly SpokenWord[], ms: number): number[] {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle]!.start_ms <= ms) low = middle + 1;
    else high = middle;
  }
  const found: number[] = [];
  for (let at = low - 1; at >= 0 && words[at]!.start_ms > ms - LONGEST_WORD; at--)
    if (words[at]!.end_ms > ms) found.push(words[at]!.index);
  return found;
}
