import { invalidInput } from '../../foundation/errors.js';
import { countBelow, type Hashes, isBelow, sortHashes } from './hashes.js';
import { seedHash } from './item-hash.js';
import { checkedLgK, type ThetaOptions } from './theta.js';
import { type ThetaSet, thetaSet } from './theta-set.js';
import { isAll, MAX_THETA, type Theta } from './theta-state.js';

/**
 * The items of any of the sets, in at most 2^lgK hashes. In whatever order and grouping sets are united, with the same
 * lgK the bytes are the same. @throws `input/invalid` on sketches of different seeds
 */
export function uniteTheta(sets: readonly ThetaSet[], options: ThetaOptions = {}): ThetaSet {
  const nominal = 2 ** checkedLgK(options.lgK ?? 12);
  const seed = commonSeed(sets);
  const seen = sets.filter((set) => !set.empty);
  let theta = smallestTheta(seen);
  const all = new Uint32Array(2 * seen.reduce((sum, set) => sum + set.retained, 0));
  let length = 0;
  for (const { state } of seen) {
    all.set(state.hashes, length);
    length += state.hashes.length;
  }
  let hashes = below(distinct(sortHashes(all)), theta);
  if (hashes.length > 2 * nominal) {
    theta = { low: hashes[2 * nominal]!, high: hashes[2 * nominal + 1]! };
    hashes = hashes.slice(0, 2 * nominal);
  }
  return thetaSet({ theta, hashes, empty: seen.length === 0, seedHash: seed });
}

/** The items of both sets. @throws `input/invalid` on sketches of different seeds */
export function intersectTheta(a: ThetaSet, b: ThetaSet): ThetaSet {
  return filtered(a, b, true, a.empty || b.empty);
}

/** The items of `a` that are not in `b`. @throws `input/invalid` on sketches of different seeds */
export function subtractTheta(a: ThetaSet, b: ThetaSet): ThetaSet {
  return filtered(a, b, false, a.empty);
}

function filtered(a: ThetaSet, b: ThetaSet, wanted: boolean, nothing: boolean): ThetaSet {
  const seed = commonSeed([a, b]);
  if (nothing) return thetaSet({ theta: MAX_THETA, hashes: new Uint32Array(0), empty: true, seedHash: seed });
  const theta = smallestTheta([a, b].filter((set) => !set.empty));
  const mine = below(a.state.hashes, theta);
  const other = b.state.hashes;
  const kept = new Uint32Array(mine.length);
  let n = 0;
  let j = 0;
  for (let i = 0; i < mine.length; i += 2) {
    while (j < other.length && isBelow(other[j + 1]!, other[j]!, mine[i + 1]!, mine[i]!)) j += 2;
    if ((j < other.length && other[j] === mine[i] && other[j + 1] === mine[i + 1]) !== wanted) continue;
    kept[n++] = mine[i]!;
    kept[n++] = mine[i + 1]!;
  }
  return thetaSet({ theta, hashes: kept.slice(0, n), empty: n === 0 && isAll(theta), seedHash: seed });
}

function smallestTheta(sets: readonly ThetaSet[]): Theta {
  let theta = MAX_THETA;
  for (const { state } of sets) {
    if (isBelow(state.theta.high, state.theta.low, theta.high, theta.low)) theta = state.theta;
  }
  return theta;
}

function below(hashes: Hashes, theta: Theta): Hashes {
  return hashes.slice(0, 2 * countBelow(hashes, theta.high, theta.low));
}

/** Drops repeats from a sorted array, in place. */
function distinct(hashes: Hashes): Hashes {
  let n = 0;
  for (let i = 0; i < hashes.length; i += 2) {
    if (n > 0 && hashes[n - 2] === hashes[i] && hashes[n - 1] === hashes[i + 1]) continue;
    hashes[n++] = hashes[i]!;
    hashes[n++] = hashes[i + 1]!;
  }
  return hashes.subarray(0, n);
}

function commonSeed(sets: readonly ThetaSet[]): number {
  const seeds = new Set(sets.filter((set) => set.retained > 0).map((set) => set.state.seedHash));
  if (seeds.size > 1) throw invalidInput('sets', 'sketches of one hash seed', [...seeds].join(', '));
  return [...seeds][0] ?? seedHash();
}
