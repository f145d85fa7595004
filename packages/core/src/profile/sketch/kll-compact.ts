import { levelCapacity, totalCapacity } from './kll-capacity.js';

/** Sorts `items[from, to)`. Insertion below 32 items, where calling the platform's sort costs more than it saves. */
export function sortRange(items: Float64Array, from: number, to: number): void {
  if (to - from > 32) {
    items.subarray(from, to).sort();
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const item = items[i]!;
    let j = i - 1;
    while (j >= from && items[j]! > item) {
      items[j + 1] = items[j]!;
      j--;
    }
    items[j + 1] = item;
  }
}

/** Keeps every second of `items[from, from + length)` in its first half. `odd` 0 or 1 is the coin. */
export function halveDown(items: Float64Array, from: number, length: number, odd: number): void {
  const half = length >>> 1;
  for (let i = 0, j = from + odd; i < half; i++, j += 2) items[from + i] = items[j]!;
}

/** Keeps every second of `items[from, from + length)` in its second half. */
export function halveUp(items: Float64Array, from: number, length: number, odd: number): void {
  const half = length >>> 1;
  const last = from + length - 1;
  for (let i = 0, j = last - odd; i < half; i++, j -= 2) items[last - i] = items[j]!;
}

/** Merges the sorted ranges a and b into `to`, which may overlap a's end as long as it does not pass what is unread. */
export function mergeRuns(
  source: Float64Array,
  a: number,
  aEnd: number,
  other: Float64Array,
  b: number,
  bEnd: number,
  target: Float64Array,
  to: number,
): void {
  let i = a;
  let j = b;
  let out = to;
  while (i < aEnd && j < bEnd) target[out++] = source[i]! <= other[j]! ? source[i++]! : other[j++]!;
  while (i < aEnd) target[out++] = source[i++]!;
  while (j < bEnd) target[out++] = other[j++]!;
}

/**
 * Compacts a stack of over-full levels, lowest first, until it fits a sketch of width `k` (Karnin, Lang, Liberty 2016).
 * `starts[level]` is where each level begins, `starts[levels]` the end; both arrays are changed. Returns the number of
 * levels; the items of level i then lie from `starts[i]` to `starts[i + 1]`, packed from 0.
 */
export function compressLevels(
  k: number,
  levelsIn: number,
  items: Float64Array,
  starts: number[],
  coin: () => number,
): number {
  let levels = levelsIn;
  let count = starts[levels]! - starts[0]!;
  let target = totalCapacity(k, levels);
  let out = 0;
  for (let level = 0; level < levels; level++) {
    const top = level === levels - 1;
    const from = starts[level]!;
    const to = starts[level + 1]!;
    starts[level] = out;
    if (count < target || to - from < levelCapacity(k, levels, level)) {
      items.copyWithin(out, from, to);
      out += to - from;
      continue;
    }
    const aboveEnd = top ? to : starts[level + 2]!;
    const begin = from + ((to - from) & 1);
    const half = (to - begin) >>> 1;
    if (begin > from) items[out++] = items[from]!;
    if (level === 0) sortRange(items, begin, to);
    if (aboveEnd === to) {
      halveUp(items, begin, to - begin, coin());
    } else {
      halveDown(items, begin, to - begin, coin());
      mergeRuns(items, begin, begin + half, items, to, aboveEnd, items, begin + half);
    }
    starts[level + 1] = begin + half;
    count -= half;
    if (top) {
      starts[level + 2] = to;
      levels++;
      target += levelCapacity(k, levels, 0);
    }
  }
  starts[levels] = out;
  starts.length = levels + 1;
  return levels;
}
