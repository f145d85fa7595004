/** The retained items in order with the weight up to and including each: what ranks and quantiles are read from. */
export interface SortedView<T> {
  readonly items: ArrayLike<T>;
  readonly cumulative: Float64Array;
  readonly n: number;
}

/** Orders items of levels 0, 1, 2 … with weights 1, 2, 4 …. `starts` has one entry more than there are levels. */
export function sortedView<T>(
  items: ArrayLike<T>,
  starts: ArrayLike<number>,
  compare: (a: T, b: T) => number,
): SortedView<T> {
  const base = starts[0]!;
  const length = starts[starts.length - 1]! - base;
  const weights = new Float64Array(length);
  for (let level = 0; level + 1 < starts.length; level++) {
    weights.fill(2 ** level, starts[level]! - base, starts[level + 1]! - base);
  }
  const order = Uint32Array.from({ length }, (_, i) => i).sort((a, b) => compare(items[base + a]!, items[base + b]!));
  const cumulative = new Float64Array(length);
  let n = 0;
  const sorted = Array.from(order, (place, i) => {
    n += weights[place]!;
    cumulative[i] = n;
    return items[base + place]!;
  });
  return { items: sorted, cumulative, n };
}

/** The share of values at or below `value` (`inclusive`), or below it. */
export function rankIn<T>(view: SortedView<T>, value: T, inclusive: boolean, compare: (a: T, b: T) => number): number {
  let low = 0;
  let high = view.items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compare(view.items[middle]!, value);
    if (order < 0 || (inclusive && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : view.cumulative[low - 1]! / view.n;
}

/** The smallest retained item whose cumulative weight reaches `rank · n` (`inclusive`), or passes it. */
export function quantileIn<T>(view: SortedView<T>, rank: number, inclusive: boolean): T {
  const weight = inclusive ? Math.ceil(rank * view.n) : Math.floor(rank * view.n);
  let low = 0;
  let high = view.items.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const reached = view.cumulative[middle]!;
    if (inclusive ? reached >= weight : reached > weight) high = middle;
    else low = middle + 1;
  }
  return view.items[low]!;
}
