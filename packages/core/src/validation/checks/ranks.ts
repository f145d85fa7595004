import type { DictionaryChunk } from '../../table/types.js';
import { numbersOf, type Slots } from '../slots.js';

type Dictionary = DictionaryChunk['dictionary'];

/** Larger dictionaries cost more to put in order than their rows to compare. */
const MAX_ENTRIES = 10_000;

/** The slots of two columns as numbers that compare as the values do; undefined where there are none. */
export type Comparable = (a: Slots, b: Slots, length: number) => readonly [Float64Array, Float64Array] | undefined;

/** Numbers are themselves. Entries of two dictionaries get the rank that they have in both together, once. */
export function comparableSlots(): Comparable {
  let known:
    | {
        readonly a: Dictionary;
        readonly b: Dictionary;
        readonly size: number;
        readonly rank: ReadonlyMap<string | null, number>;
      }
    | undefined;
  return (a, b, length) => {
    if (a.chunk.kind !== 'dictionary' || b.chunk.kind !== 'dictionary') {
      const left = numbersOf(a, length);
      const right = left && numbersOf(b, length);
      return left && right && [left, right];
    }
    const [first, second] = [a.chunk.dictionary, b.chunk.dictionary];
    const size = first.length + second.length;
    if (size > MAX_ENTRIES) return undefined;
    // A dictionary may have grown since.
    if (known?.a !== first || known.b !== second || known.size !== size)
      known = { a: first, b: second, size, rank: rankOf([...first, ...second]) };
    const { rank } = known;
    return [ranksOf(a.chunk, a.from, length, rank), ranksOf(b.chunk, b.from, length, rank)];
  };
}

function rankOf(entries: readonly (string | null)[]): ReadonlyMap<string | null, number> {
  const rank = new Map<string | null, number>();
  const texts = entries.filter((entry) => entry !== null);
  // UTF-16 units, as JavaScript compares.
  for (const text of texts.sort()) if (!rank.has(text)) rank.set(text, rank.size);
  return rank;
}

function ranksOf(
  { codes, dictionary }: DictionaryChunk,
  from: number,
  length: number,
  rank: ReadonlyMap<string | null, number>,
): Float64Array {
  const byCode = Float64Array.from(dictionary, (entry) => rank.get(entry) ?? Number.NaN);
  const ranks = new Float64Array(length);
  // Null slots may hold any code.
  for (let i = 0; i < length; i++) ranks[i] = byCode[codes[from + i]!]!;
  return ranks;
}
