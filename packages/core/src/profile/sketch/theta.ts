import { invalidInput } from '../../foundation/errors.js';
import { countBelow, HashTable, isBelow } from './hashes.js';
import { itemHash, type SketchItem, seedHash } from './item-hash.js';
import { type ThetaSet, thetaSet } from './theta-set.js';
import { MAX_THETA } from './theta-state.js';

/**
 * Counts distinct items and keeps a uniform sample of their hashes, so that unions, intersections and differences of
 * sketches can be estimated: the KMV family of theta sketches with quick select (Dasgupta, Lang, Rhodes, Thaler 2015),
 * as Apache DataSketches does it. Standard error about 1 / √2^lgK. @throws `input/invalid`
 */
export function thetaSketch(options: ThetaOptions = {}): ThetaSketch {
  const { lgK = 12 } = options;
  return new ThetaSketch(checkedLgK(lgK));
}

/** How exactly distinct items are counted. */
export interface ThetaOptions {
  /** Log2 of the nominal number of hashes that are kept, 5 to 20. Default 12. */
  readonly lgK?: number | undefined;
}

/** @throws `input/invalid` */
export function checkedLgK(lgK: number): number {
  if (!Number.isInteger(lgK) || lgK < 5 || lgK > 20) throw invalidInput('lgK', 'an integer from 5 to 20', lgK);
  return lgK;
}

/** Made by `thetaSketch`. `set()` is its state at a moment, for estimates, set operations and bytes. */
export class ThetaSketch {
  readonly lgK: number;
  readonly #hash = itemHash();
  #table: HashTable;
  #lgTable: number;
  #theta = MAX_THETA;
  #empty = true;

  /** @internal Use `thetaSketch`. */
  constructor(lgK: number) {
    this.lgK = lgK;
    this.#lgTable = Math.min(FIRST_LG_TABLE, lgK + 2);
    this.#table = new HashTable(this.#lgTable);
  }

  /** Takes one item. Doubles, 64-bit integers (bigint) and strings are different items; empty strings are left out. */
  update(item: SketchItem): void {
    if (!this.#hash.hash(item)) return;
    this.#empty = false;
    const { words } = this.#hash;
    const high = words[1]! >>> 1;
    const low = ((words[1]! << 31) | (words[0]! >>> 1)) >>> 0;
    if (!isBelow(high, low, this.#theta.high, this.#theta.low) || (high === 0 && low === 0)) return;
    if (this.#table.add(high, low)) this.#afterAdding();
  }

  updateAll(items: Iterable<SketchItem>): void {
    for (const item of items) this.update(item);
  }

  /** The state now; later updates do not change it. */
  set(): ThetaSet {
    return thetaSet({ theta: this.#theta, hashes: this.#table.sorted(), empty: this.#empty, seedHash: seedHash() });
  }

  /** About how many distinct items were seen. */
  estimate(): number {
    return this.#table.size / ((this.#theta.high * 2 ** 32 + this.#theta.low) / 2 ** 63);
  }

  /** Makes the table longer, up to four times the nominal number; past 15/8 of that number, keeps the smallest. */
  #afterAdding(): void {
    const nominal = 2 ** this.lgK;
    if (this.#table.size > Math.floor((2 * nominal * 15) / 16)) {
      const hashes = this.#table.sorted();
      this.#theta = { low: hashes[2 * nominal]!, high: hashes[2 * nominal + 1]! };
      this.#table.clear();
      this.#table.addAll(hashes.subarray(0, 2 * countBelow(hashes, this.#theta.high, this.#theta.low)));
    } else if (2 * this.#table.size > 2 ** this.#lgTable && this.#lgTable < this.lgK + 2) {
      const hashes = this.#table.sorted();
      this.#lgTable = Math.min(this.#lgTable + 2, this.lgK + 2);
      this.#table = new HashTable(this.#lgTable);
      this.#table.addAll(hashes);
    }
  }
}

const FIRST_LG_TABLE = 6;
