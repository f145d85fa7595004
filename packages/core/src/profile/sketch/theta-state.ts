import type { Hashes } from './hashes.js';

/** What a theta sketch comes down to: all hashes below theta. */
export interface ThetaState {
  readonly theta: Theta;
  /** Distinct, sorted, each below theta. */
  readonly hashes: Hashes;
  readonly empty: boolean;
  /** By which sketches of other seeds are told apart. */
  readonly seedHash: number;
}

/** A threshold on 63-bit hashes. */
export interface Theta {
  readonly high: number;
  readonly low: number;
}

export const MAX_THETA: Theta = { high: 0x7fffffff, low: 0xffffffff };

export function isAll(theta: Theta): boolean {
  return theta.high === MAX_THETA.high && theta.low === MAX_THETA.low;
}
