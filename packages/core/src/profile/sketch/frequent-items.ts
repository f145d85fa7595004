import { invalidInput } from '../../foundation/errors.js';
import { encodeFrequent } from './frequent-encode.js';

/**
 * Finds the items of a stream that are frequent, in a table of at most three quarters of 2^lgMax counters (Misra and Gries;
 * Anderson and others 2017), in the layout of Apache DataSketches. Every count is off by at most `maxError`, which stays
 * 0 until there are more distinct items than counters. Deterministic. @throws `input/invalid`
 */
export function frequentItems(options?: FrequentOptions<'string'>): FrequentItems<string>;
export function frequentItems(options: FrequentOptions<'long'>): FrequentItems<bigint>;
export function frequentItems(
  options: FrequentOptions<FrequentKind> = {},
): FrequentItems<string> | FrequentItems<bigint> {
  const { lgMax = 10, kind = 'string' } = options;
  if (!Number.isInteger(lgMax) || lgMax < MIN_LG_MAX || lgMax > MAX_LG_MAX) {
    throw invalidInput('lgMax', `an integer from ${MIN_LG_MAX} to ${MAX_LG_MAX}`, lgMax);
  }
  const nothing = { lgMax, weight: 0, offset: 0 };
  return kind === 'string'
    ? new FrequentItems<string>(kind, { ...nothing, counts: new Map<string, number>() })
    : new FrequentItems<bigint>(kind, { ...nothing, counts: new Map<bigint, number>() });
}

/** How large the table of counters may get, and what items are. */
export interface FrequentOptions<K extends FrequentKind> {
  /** Log2 of the largest table, 3 to 20: errors are at most 3.5 / 2^lgMax of the stream. Default 10. */
  readonly lgMax?: number | undefined;
  /** Items are strings, or 64-bit integers as bigint. Default `string`. */
  readonly kind?: K | undefined;
}

/** What items are: strings, or 64-bit integers. */
export type FrequentKind = 'string' | 'long';

export const MIN_LG_MAX = 3;
export const MAX_LG_MAX = 20;

export interface FrequentState<T> {
  readonly lgMax: number;
  readonly weight: number;
  readonly offset: number;
  readonly counts: ReadonlyMap<T, number>;
}

/** An item with what its count is at least, at most, and likely. */
export interface FrequentItem<T> {
  readonly item: T;
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** Made by `frequentItems`, `decodeFrequentStrings` and `decodeFrequentLongs`. */
export class FrequentItems<T extends string | bigint> {
  readonly kind: FrequentKind;
  readonly lgMax: number;
  #counts: Map<T, number>;
  #weight: number;
  #offset: number;

  /** @internal Use `frequentItems` or a decoder. */
  constructor(kind: FrequentKind, state: FrequentState<T>) {
    this.kind = kind;
    this.lgMax = state.lgMax;
    this.#counts = new Map(state.counts);
    this.#weight = state.weight;
    this.#offset = state.offset;
  }

  /** The sum of all weights, exactly. */
  get weight(): number {
    return this.#weight;
  }

  /** Counters in use. */
  get retained(): number {
    return this.#counts.size;
  }

  /** How far a count may be off. */
  get maxError(): number {
    return this.#offset;
  }

  /** Counts an item. @throws `input/invalid` on a weight that is not a positive integer */
  update(item: T, weight = 1): void {
    if (!(Number.isSafeInteger(weight) && weight > 0)) throw invalidInput('weight', 'a positive integer', weight);
    this.#weight += weight;
    const before = this.#counts.get(item);
    this.#counts.set(item, before === undefined ? weight : before + weight);
    if (before === undefined && this.#counts.size > this.#capacity()) this.#purge();
  }

  updateAll(items: Iterable<T>): void {
    for (const item of items) this.update(item);
  }

  /**
   * Adds what another sketch has counted. Commutative, and exact under any grouping while no counter had to be given up;
   * after that the bounds still hold in any grouping, as does the total.
   */
  merge(other: FrequentItems<T>): void {
    this.#weight += other.#weight;
    this.#offset += other.#offset;
    for (const [item, count] of other.#counts) this.#counts.set(item, (this.#counts.get(item) ?? 0) + count);
    while (this.#counts.size > this.#capacity()) this.#purge();
  }

  /** What is known of one item; an item without a counter was seen between 0 and `maxError` times. */
  lookup(item: T): FrequentItem<T> {
    const count = this.#counts.get(item) ?? 0;
    return { item, estimate: count === 0 ? 0 : count + this.#offset, lower: count, upper: count + this.#offset };
  }

  /**
   * Items whose count may exceed `above` (default `maxError`), most frequent first: none that does is missing. With
   * `surely`, only those whose count does exceed it.
   */
  frequent(
    options: { readonly above?: number | undefined; readonly surely?: boolean | undefined } = {},
  ): FrequentItem<T>[] {
    const above = Math.max(options.above ?? this.#offset, this.#offset);
    return this.#sorted()
      .map(([item]) => this.lookup(item))
      .filter(({ lower, upper }) => (options.surely ? lower : upper) > above);
  }

  /** Apache DataSketches bytes (family 10), items in a fixed order: equal states have equal bytes. */
  encode(): Uint8Array {
    return encodeFrequent(this.lgMax, this.#weight, this.#offset, this.#sorted());
  }

  #capacity(): number {
    return Math.floor(0.75 * 2 ** this.lgMax);
  }

  /** Lowers every counter by the median and gives up those that are spent: at least half. Amortised constant. */
  #purge(): void {
    const counts = Float64Array.from(this.#counts.values()).sort();
    const median = counts[counts.length >>> 1]!;
    this.#offset += median;
    const kept = new Map<T, number>();
    for (const [item, count] of this.#counts) if (count > median) kept.set(item, count - median);
    this.#counts = kept;
  }

  #sorted(): [T, number][] {
    return [...this.#counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : a > b ? 1 : 0));
  }
}
