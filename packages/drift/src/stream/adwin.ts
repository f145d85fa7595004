import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';

/** How sure a cut must be, and where cuts are looked for. */
export interface AdwinOptions {
  /** Confidence of each cut. It is not a false-alarm rate of the stream. Default 0.002. */
  readonly delta?: number | undefined;
  /** Cuts are looked for every so many values. Default 32. */
  readonly clock?: number | undefined;
  /** Buckets per size. Default 5. */
  readonly maxBuckets?: number | undefined;
  /** Both sides of a cut hold at least so many values. Default 5. */
  readonly minWindow?: number | undefined;
  /** No cut before so many values. Default 10. */
  readonly grace?: number | undefined;
  /**
   * Whose cuts. `river` is the paper's; `before-1614` skips the newest bucket of each size, as river, MOA ports and
   * scikit-multiflow did before river#1614; `frouros` does so too and weighs the sides of a cut otherwise. Default `river`.
   */
  readonly rules?: 'river' | 'before-1614' | 'frouros' | undefined;
}

const DEFAULTS = {
  delta: 0.002,
  clock: 32,
  maxBuckets: 5,
  minWindow: 5,
  grace: 10,
  rules: 'river',
} as const satisfies AdwinOptions;

type CheckedOptions = Readonly<Record<Exclude<keyof typeof DEFAULTS, 'rules'>, number>> & {
  readonly rules: 'river' | 'before-1614' | 'frouros';
};

/** Where things are in the state; after them, per size of bucket: how many, their totals, their variances. */
const WIDTH = 0;
const TOTAL = 1;
const VARIANCE = 2;
const TICK = 3;
const SIZES = 4;
const HEAD = 5;
/** Bucket sizes 2^0 to 2^39. */
const MAX_SIZES = 40;
const BUCKET = Float64Array.from({ length: MAX_SIZES }, (_, size) => 2 ** size);

/**
 * ADWIN (Bifet and Gavaldà 2007) with the semantics of river: a window that drops its oldest part when two halves differ.
 * It looks both ways and learns its baseline, but promises no run length: with the defaults expect false alarms on
 * dependent streams.
 */
export const adwin = /* @__PURE__ */ defineDetector<AdwinOptions, CheckedOptions>({
  id: 'adwin',
  version: 2,
  knob: { option: 'delta', from: 0.99, to: 1e-12 },
  check(options) {
    const checked = { ...DEFAULTS, ...defined(options) };
    if (!(checked.delta > 0 && checked.delta < 1))
      throw invalidInput('delta', 'a number between 0 and 1', checked.delta);
    for (const name of ['clock', 'maxBuckets', 'minWindow'] as const)
      if (!(Number.isInteger(checked[name]) && checked[name] >= 1))
        throw invalidInput(name, 'an integer of 1 or more', checked[name]);
    return checked;
  },
  begin: ({ maxBuckets }) => new Float64Array(HEAD + MAX_SIZES * rowLength(maxBuckets)),
  step(state, options, value) {
    insert(state, options, value);
    state[TICK]!++;
    if (state[TICK]! % options.clock !== 0 || state[WIDTH]! <= options.grace) return 0;
    return shrink(state, options) ? 2 : 0;
  },
});

function rowLength(maxBuckets: number): number {
  return 1 + 2 * (maxBuckets + 1);
}

function insert(state: Float64Array, { maxBuckets }: CheckedOptions, value: number): void {
  const before = state[WIDTH]!;
  if (before > 0) state[VARIANCE]! += (before * (value - state[TOTAL]! / before) ** 2) / (before + 1);
  state[WIDTH] = before + 1;
  state[TOTAL]! += value;
  if (state[SIZES] === 0) state[SIZES] = 1;
  push(state, HEAD, maxBuckets, value, 0);
  const length = rowLength(maxBuckets);
  // A size with one bucket too many gives its two oldest to the next size, as one.
  for (let size = 0, row = HEAD; state[row] === maxBuckets + 1; size++, row += length) {
    const totals = row + 1;
    const variances = totals + maxBuckets + 1;
    const n = BUCKET[size]!;
    const gap = state[totals]! / n - state[totals + 1]! / n;
    const variance = state[variances]! + state[variances + 1]! + (n * n * gap * gap) / (2 * n);
    if (state[SIZES]! < size + 2) state[SIZES] = size + 2;
    push(state, row + length, maxBuckets, state[totals]! + state[totals + 1]!, variance);
    drop(state, row, maxBuckets, 2);
  }
}

function push(state: Float64Array, row: number, maxBuckets: number, total: number, variance: number): void {
  const count = state[row]!;
  state[row + 1 + count] = total;
  state[row + 2 + maxBuckets + count] = variance;
  state[row] = count + 1;
}

function drop(state: Float64Array, row: number, maxBuckets: number, count: number): void {
  const totals = row + 1;
  const variances = totals + maxBuckets + 1;
  const left = state[row]! - count;
  // A handful of numbers: a loop is several times faster than `copyWithin`.
  for (let k = 0; k < left; k++) {
    state[totals + k] = state[totals + k + count]!;
    state[variances + k] = state[variances + k + count]!;
  }
  state[row] = left;
}

/** Drops the oldest bucket as long as some cut shows two different halves. */
function shrink(state: Float64Array, options: CheckedOptions): boolean {
  let shrunk = false;
  while (hasCut(state, options)) {
    dropOldest(state, options);
    shrunk = true;
    if (state[WIDTH]! <= 0) break;
  }
  return shrunk;
}

/** Cuts from the oldest bucket to the newest; costs a few operations per bucket, of which there are some log₂ of the width. */
function hasCut(state: Float64Array, { delta, maxBuckets, minWindow, rules }: CheckedOptions): boolean {
  const skipped = rules === 'river' ? 0 : 1;
  const least = rules === 'frouros' ? minWindow + 1 : minWindow;
  const taken = rules === 'frouros' ? minWindow + 1 : minWindow - 1;
  const width = state[WIDTH]!;
  const total = state[TOTAL]!;
  const logs = Math.log((2 * Math.log(width)) / delta);
  const spread = (2 * state[VARIANCE]! * logs) / width;
  const length = rowLength(maxBuckets);
  let n0 = 0;
  let u0 = 0;
  for (let size = state[SIZES]! - 1; size >= 0; size--) {
    const row = HEAD + size * length;
    const count = state[row]!;
    const n = BUCKET[size]!;
    for (let k = 0; k < count - skipped; k++) {
      n0 += n;
      u0 += state[row + 1 + k]!;
      if (size === 0 && k === count - 1) return false;
      const n1 = width - n0;
      if (n0 < least || n1 < least) continue;
      const m = 1 / (n0 - taken) + 1 / (n1 - taken);
      const gap = Math.abs(u0 / n0 - (total - u0) / n1);
      // The second term alone refuses most cuts, without a root.
      const floor = (2 / 3) * logs * m;
      if (gap > floor && gap > Math.sqrt(m * spread) + floor) return true;
    }
  }
  return false;
}

function dropOldest(state: Float64Array, { maxBuckets }: CheckedOptions): void {
  const size = state[SIZES]! - 1;
  const row = HEAD + size * rowLength(maxBuckets);
  const n = BUCKET[size]!;
  const total = state[row + 1]!;
  state[WIDTH]! -= n;
  state[TOTAL]! -= total;
  const width = state[WIDTH]!;
  const gap = total / n - state[TOTAL]! / width;
  // Subtraction may end below 0 by rounding.
  state[VARIANCE] = Math.max(
    0,
    state[VARIANCE]! - state[row + 2 + maxBuckets]! - (n * width * gap * gap) / (n + width),
  );
  drop(state, row, maxBuckets, 1);
  if (state[row] === 0) state[SIZES] = size;
}
