import { invalidInput } from '../../foundation/errors.js';
import { type Random, systemRandom } from '../../foundation/random.js';
import { levelCapacity, MAX_LEVELS, MIN_LEVEL_WIDTH, totalCapacity } from './kll-capacity.js';
import { compressLevels, halveDown, halveUp, mergeRuns, sortRange } from './kll-compact.js';
import { encodeKll } from './kll-encode.js';
import { kllRankError, kllRankVariance } from './kll-error.js';
import type { KllKind, KllState } from './kll-state.js';
import { quantileIn, rankIn, type SortedView, sortedView } from './sorted-view.js';

/**
 * A quantile sketch of numbers (KLL; Karnin, Lang and Liberty 2016), in the layout of Apache DataSketches. With the
 * default `k` of 200 it holds some 600 numbers whatever the length of the stream, and ranks are within 1.33 % at 99 %
 * confidence. The same values, order and random source give the same sketch. @throws `input/invalid`
 */
export function kllSketch(options: KllOptions = {}): KllSketch {
  const { k = 200, kind = 'double', random = systemRandom } = options;
  if (!Number.isInteger(k) || k < MIN_LEVEL_WIDTH || k > MAX_K) {
    throw invalidInput('k', `an integer from ${MIN_LEVEL_WIDTH} to ${MAX_K}`, k);
  }
  return new KllSketch(kind, random, {
    k,
    minK: k,
    n: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    starts: [0, 0],
    items: new Float64Array(0),
    ordered: false,
  });
}

/** How exact a quantile sketch is, and whose coins it tosses. */
export interface KllOptions {
  /** Width: larger is more exact and larger in memory, about 3k items. 8 to 65,535; default 200. */
  readonly k?: number | undefined;
  /** How items are written; `float` also rounds what comes in. Default `double`. */
  readonly kind?: KllKind | undefined;
  /** The coin of each compaction. Default: the platform's generator; give a seeded one to reproduce a sketch. */
  readonly random?: Random | undefined;
}

const MAX_K = 65_535;

/** Made by `kllSketch` and `decodeKll`. Updates cost no allocation except when a level is added. */
export class KllSketch {
  readonly kind: KllKind;
  readonly k: number;
  readonly #random: Random;
  readonly #round: boolean;
  /** Free space first, then level 0, 1, 2 …, up to the end. */
  #items: Float64Array;
  #starts: number[];
  #capacities: number[] = [];
  #levels: number;
  #n: number;
  #minK: number;
  #min: number;
  #max: number;
  #ordered: boolean;
  #coins = 0;
  #coinsLeft = 0;
  #view: SortedView<number> | undefined;

  /** @internal Use `kllSketch` or `decodeKll`. */
  constructor(kind: KllKind, random: Random, state: KllState<number, Float64Array>) {
    this.kind = kind;
    this.k = state.k;
    this.#random = random;
    this.#round = kind === 'float';
    this.#n = state.n;
    this.#minK = state.minK;
    this.#min = state.min;
    this.#max = state.max;
    this.#ordered = state.ordered;
    this.#levels = state.starts.length - 1;
    this.#starts = [];
    this.#items = new Float64Array(0);
    this.#place(state.items, state.starts);
  }

  /** Values seen, NaN apart. */
  get n(): number {
    return this.#n;
  }

  /** Smallest value seen, exactly; `undefined` while empty. */
  get min(): number | undefined {
    return this.#n === 0 ? undefined : this.#min;
  }

  /** Largest value seen, exactly; `undefined` while empty. */
  get max(): number | undefined {
    return this.#n === 0 ? undefined : this.#max;
  }

  /** Items held. */
  get retained(): number {
    return this.#starts[this.#levels]! - this.#starts[0]!;
  }

  /** How far a rank may be off at 99 % confidence: one rank, or (`pmf`) the largest over all ranks at once. */
  rankError(pmf = false): number {
    return kllRankError(this.#minK, pmf);
  }

  /** Bounds a rank's error for any confidence: P(off by t or more) ≤ 2 exp(-t² / (2 v)). See `kllRankVariance`. */
  rankVariance(): number {
    return this.#n === 0 ? 0 : kllRankVariance(this.#minK, this.#n, this.#starts);
  }

  /** Takes one value. NaN has no rank and is left out. */
  update(value: number): void {
    const item = this.#round ? Math.fround(value) : value;
    if (Number.isNaN(item)) return;
    if (item < this.#min) this.#min = item;
    if (item > this.#max) this.#max = item;
    if (this.#starts[0] === 0) this.#compact();
    this.#items[--this.#starts[0]!] = item;
    this.#ordered = false;
    this.#view = undefined;
    this.#n++;
  }

  /** Takes every value of an array, or of its part `[from, to)`. */
  updateAll(values: ArrayLike<number>, from = 0, to: number = values.length): void {
    for (let i = from; i < to; i++) this.update(values[i]!);
  }

  /** Adds what another sketch has seen; the other is not changed. A merge tree in a fixed order is reproducible. */
  merge(other: KllSketch): void {
    const { n, minK, min, max, starts, items } = other.state();
    if (n === 0) return;
    const total = this.#n + n;
    for (let i = starts[0]!; i < starts[1]!; i++) this.update(items[i]!);
    if (starts.length > 2) {
      this.#mergeLevels(items, starts);
      this.#minK = Math.min(this.#minK, minK);
    }
    this.#min = Math.min(this.#min, this.#round ? Math.fround(min) : min);
    this.#max = Math.max(this.#max, this.#round ? Math.fround(max) : max);
    this.#n = total;
    this.#view = undefined;
  }

  /** The share of values at or below `value`, or (`inclusive: false`) below it. NaN while empty. */
  rank(value: number, options: RankOptions = {}): number {
    if (this.#n === 0) return Number.NaN;
    return rankIn(this.#sorted(), value, options.inclusive ?? true, ascending);
  }

  /**
   * A value with about this rank in [0, 1]; ranks 0 and 1 are the exact extremes. NaN while empty.
   * @throws `input/invalid` on a rank outside [0, 1]
   */
  quantile(rank: number, options: RankOptions = {}): number {
    if (!(rank >= 0 && rank <= 1)) throw invalidInput('rank', 'a number between 0 and 1', rank);
    if (this.#n === 0) return Number.NaN;
    if (rank === 0) return this.#min;
    if (rank === 1) return this.#max;
    return quantileIn(this.#sorted(), rank, options.inclusive ?? true);
  }

  /** Apache DataSketches bytes (family 15), readable by its C++, Java, Go and Python libraries and by Spark ≥ 4.1. */
  encode(): Uint8Array {
    return encodeKll(this.kind, this.state());
  }

  /** What is held, for codecs and tests. The items are a view into the sketch: read them before the next update. */
  state(): KllState<number, Float64Array> {
    return {
      k: this.k,
      minK: this.#minK,
      n: this.#n,
      min: this.#min,
      max: this.#max,
      starts: [...this.#starts],
      items: this.#items,
      ordered: this.#ordered,
    };
  }

  #sorted(): SortedView<number> {
    this.#view ??= sortedView(this.#items, this.#starts, ascending);
    return this.#view;
  }

  /** Halves the lowest full level into the one above, which frees room at the front. Amortised constant per update. */
  #compact(): void {
    const starts = this.#starts;
    let level = 0;
    while (starts[level + 1]! - starts[level]! < this.#capacities[level]!) level++;
    if (level === this.#levels - 1) this.#addLevel();
    const items = this.#items;
    const from = this.#starts[level]!;
    const to = this.#starts[level + 1]!;
    const aboveEnd = this.#starts[level + 2]!;
    const begin = from + ((to - from) & 1);
    const half = (to - begin) >>> 1;
    if (level === 0 && !this.#ordered) sortRange(items, begin, to);
    if (aboveEnd === to) {
      halveUp(items, begin, to - begin, this.#coin());
    } else {
      halveDown(items, begin, to - begin, this.#coin());
      mergeRuns(items, begin, begin + half, items, to, aboveEnd, items, begin + half);
    }
    const above = begin + half;
    this.#starts[level + 1] = above;
    if (begin > from) items[above - 1] = items[from]!;
    this.#starts[level] = begin > from ? above - 1 : above;
    if (level > 0) {
      const first = this.#starts[0]!;
      items.copyWithin(first + half, first, from);
      for (let i = 0; i < level; i++) this.#starts[i]! += half;
    }
  }

  #addLevel(): void {
    const starts = [...this.#starts];
    starts.push(starts[this.#levels]!);
    this.#levels++;
    this.#place(this.#items, starts);
  }

  #mergeLevels(items: Float64Array, starts: readonly number[]): void {
    const mine = this.#starts;
    const levels = Math.max(this.#levels, starts.length - 1);
    const work = new Float64Array(this.retained + starts[starts.length - 1]! - starts[1]!);
    const workStarts = [0];
    let out = 0;
    for (let level = 0; level < levels; level++) {
      const [a, aEnd] = level < this.#levels ? [mine[level]!, mine[level + 1]!] : [0, 0];
      const [b, bEnd] = level > 0 && level + 1 < starts.length ? [starts[level]!, starts[level + 1]!] : [0, 0];
      mergeRuns(this.#items, a, aEnd, items, b, bEnd, work, out);
      out += aEnd - a + (bEnd - b);
      workStarts.push(out);
    }
    this.#levels = compressLevels(this.k, levels, work, workStarts, () => this.#coin());
    this.#ordered = false;
    this.#place(work, workStarts);
  }

  /** Takes over items whose levels lie at `starts`, in an array of the size that this number of levels asks for. */
  #place(items: Float64Array, starts: readonly number[]): void {
    const levels = this.#levels;
    if (levels > MAX_LEVELS) throw invalidInput('n', 'fewer than 2^53 values', this.#n);
    const capacity = totalCapacity(this.k, levels);
    const end = starts[levels]!;
    const grown = new Float64Array(capacity);
    grown.set(items.subarray(starts[0]!, end), capacity - (end - starts[0]!));
    this.#items = grown;
    this.#starts = starts.map((start) => start + capacity - end);
    this.#capacities = Array.from({ length: levels }, (_, level) => levelCapacity(this.k, levels, level));
  }

  /** One random bit; a draw of the random source lasts for 32. */
  #coin(): number {
    if (this.#coinsLeft === 0) {
      this.#coins = Math.floor(this.#random.next() * 2 ** 32);
      this.#coinsLeft = 32;
    }
    const bit = this.#coins & 1;
    this.#coins >>>= 1;
    this.#coinsLeft--;
    return bit;
  }
}

/** What the rank of a value counts. */
export interface RankOptions {
  /** Whether a value counts towards its own rank. Default true. */
  readonly inclusive?: boolean | undefined;
}

function ascending(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
