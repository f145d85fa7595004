import { encodeUtf8 } from '../foundation/bytes.js';
import { internStrings } from '../table/intern.js';
import type { BoolChunk, ColumnChunk, ColumnView, DictionaryChunk } from '../table/types.js';
import { countOnes, isValid } from '../table/validity.js';
import type { CategoryProfile } from './types.js';

/** How many other categories are kept as a sample. */
const SAMPLE = 32;
/** Most categories that are counted one by one; `maxBytes` usually ends the list earlier. */
const MAX_CATEGORIES = 4096;

/** Profiles a column of strings or booleans against the anchor's categories, or against its own most frequent ones. */
export function profileCategories(
  column: ColumnView,
  anchor: CategoryProfile | undefined,
  maxBytes: number,
): CategoryProfile {
  const { counts: all, nulls } = countValues(column);
  const counts = new Map<string, number>();
  if (anchor !== undefined) for (const category of anchor.counts.keys()) counts.set(category, all.get(category) ?? 0);
  else for (const [category, count] of mostFrequent(all, maxBytes)) counts.set(category, count);
  let other = 0;
  const others: [string, number][] = [];
  for (const [category, count] of all) {
    if (counts.has(category)) continue;
    other += count;
    others.push([category, count]);
  }
  const { type, length: rows } = column;
  return {
    kind: 'category',
    type,
    rows,
    nulls,
    empty: all.get('') ?? 0,
    counts,
    other,
    otherSample: smallestHashes(others),
  };
}

/** Sample of the union: what is among the smallest hashes of all is among those of its part, so no count is lost. */
export function mergeSamples(
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const sum = new Map(a);
  for (const [category, count] of b) sum.set(category, (sum.get(category) ?? 0) + count);
  return smallestHashes([...sum]);
}

/** By UTF-16 code units, so that the order is the same everywhere. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Rows per value, and how many are null (by bit or by dictionary entry). */
export function countValues(column: ColumnView): { readonly counts: Map<string, number>; readonly nulls: number } {
  const counts = new Map<string, number>();
  let nulls = column.nullCount;
  const add = (category: string, count: number) => {
    if (count > 0) counts.set(category, (counts.get(category) ?? 0) + count);
  };
  for (const chunk of column.chunks) nulls += countChunk(chunk, add);
  return { counts, nulls };
}

/** Returns how many slots are null by their dictionary entry although their bit says otherwise. */
function countChunk(chunk: ColumnChunk, add: (category: string, count: number) => void): number {
  switch (chunk.kind) {
    case 'dictionary': {
      let nulls = 0;
      const tally = tallyCodes(chunk);
      for (let code = 0; code < tally.length; code++) {
        const category = chunk.dictionary[code]!;
        if (category === null) nulls += tally[code]!;
        else add(category, tally[code]!);
      }
      return nulls;
    }
    case 'utf8': {
      const { codes, dictionary } = internStrings(chunk);
      const tally = new Float64Array(dictionary.length);
      for (let i = 0; i < codes.length; i++) if (codes[i]! >= 0) tally[codes[i]!]!++;
      for (let code = 0; code < tally.length; code++) add(dictionary[code]!, tally[code]!);
      return 0;
    }
    case 'bool': {
      const yes = countTrue(chunk);
      add('true', yes);
      add('false', chunk.length - chunk.nullCount - yes);
      return 0;
    }
    default:
      return 0;
  }
}

/** Rows per dictionary entry: 1 to 2 ns per row. */
function tallyCodes(chunk: DictionaryChunk): Float64Array {
  const { length, dictionary, codes } = chunk;
  if (chunk.nullCount === 0 && codes instanceof Int32Array) return tallyByFour(codes, length, dictionary.length);
  const tally = new Float64Array(dictionary.length);
  if (chunk.nullCount === 0) {
    // One loop per array type: a shared one would look up the type for every element.
    if (codes instanceof Int8Array) for (let i = 0; i < length; i++) tally[codes[i]!]!++;
    else if (codes instanceof Int16Array) for (let i = 0; i < length; i++) tally[codes[i]!]!++;
    else if (codes instanceof Uint8Array) for (let i = 0; i < length; i++) tally[codes[i]!]!++;
    else for (let i = 0; i < length; i++) tally[codes[i]!]!++;
    return tally;
  }
  for (let i = 0; i < length; i++) if (isValid(chunk.validity, i)) tally[codes[i]!]!++;
  return tally;
}

/** Four tables in turn: the same code twice in a row need not wait for its own count to be written. */
function tallyByFour(codes: Int32Array, length: number, size: number): Float64Array {
  const tables = new Float64Array(4 * size);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    tables[codes[i]!]!++;
    tables[size + codes[i + 1]!]!++;
    tables[2 * size + codes[i + 2]!]!++;
    tables[3 * size + codes[i + 3]!]!++;
  }
  for (; i < length; i++) tables[codes[i]!]!++;
  const tally = tables.slice(0, size);
  for (let k = 0; k < size; k++) tally[k]! += tables[size + k]! + tables[2 * size + k]! + tables[3 * size + k]!;
  return tally;
}

function countTrue(chunk: BoolChunk): number {
  if (chunk.nullCount === 0) return countOnes(chunk.bits, chunk.offset, chunk.length);
  const bits = { bits: chunk.bits, offset: chunk.offset };
  let yes = 0;
  for (let i = 0; i < chunk.length; i++) if (isValid(chunk.validity, i) && isValid(bits, i)) yes++;
  return yes;
}

/** Largest counts first, ties by text, as many as fit into `maxBytes` when encoded; returned in order of text. */
function mostFrequent(all: ReadonlyMap<string, number>, maxBytes: number): [string, number][] {
  const ranked = [...all].sort((a, b) => b[1] - a[1] || byText(a[0], b[0]));
  const kept: [string, number][] = [];
  let bytes = 0;
  for (const entry of ranked) {
    // Quotes, comma and digits of the count beside the text itself.
    bytes += encodeUtf8(entry[0]).length + String(entry[1]).length + 5;
    if (bytes > maxBytes || kept.length >= MAX_CATEGORIES) break;
    kept.push(entry);
  }
  return kept.sort((a, b) => byText(a[0], b[0]));
}

function smallestHashes(entries: [string, number][]): ReadonlyMap<string, number> {
  const hashed = entries.map(([category, count]) => ({ category, count, hash: hashText(category) }));
  hashed.sort((a, b) => a.hash - b.hash || byText(a.category, b.category));
  const kept = hashed.slice(0, SAMPLE).sort((a, b) => byText(a.category, b.category));
  return new Map(kept.map(({ category, count }) => [category, count]));
}

/** FNV-1a over UTF-16 code units with murmur3's final mix. */
function hashText(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
