import type { Need, Verdict } from '../foundation/verdict.js';
import type { Table } from '../table/types.js';
import type { Block } from './blocks.js';
import type { Sampler } from './sampler.js';
import type { Counts } from './types.js';

/** What a check has found, before it is judged. */
export interface Finding {
  readonly counts: Counts;
  readonly sampler?: Sampler | undefined;
  readonly observed?: number | undefined;
  /** For checks that are not judged by the share of unexpected rows. */
  readonly verdict?: Verdict | undefined;
  readonly need?: Need | undefined;
  readonly reasons?: readonly string[] | undefined;
}

/**
 * A check under way. What parts of a table found, merged in the order of the parts, is what the whole would have found.
 */
export interface CheckState {
  /** Rows in order. `mask` is 1 for rows to consider; without one all are. */
  block?(block: Block, mask: Uint8Array | undefined): void;
  /** A whole table at once, for checks that bring their own loop. */
  table?(table: Table): void;
  /** What has been found so far as plain data, which a worker can post. It is not changed by what follows. */
  part(): unknown;
  /** Takes in what a state of the same expectation found in rows that follow these; their numbers move by `offset`. */
  merge(part: unknown, offset: number): void;
  finish(): Finding;
}

/** Counts under way. */
export interface Tally {
  rows: number;
  excluded: number;
  missing: number;
  unexpected: number;
}

export function newTally(): Tally {
  return { rows: 0, excluded: 0, missing: 0, unexpected: 0 };
}

export function addTally(to: Tally, from: Tally): void {
  to.rows += from.rows;
  to.excluded += from.excluded;
  to.missing += from.missing;
  to.unexpected += from.unexpected;
}

export function countsOf({ rows, excluded, missing, unexpected }: Tally): Counts {
  return { rows, excluded, missing, considered: rows - excluded - missing, unexpected };
}
