import { sameBytes } from '../foundation/bytes.js';
import { type Clock, sleep } from '../foundation/clock.js';
import { isMillwrightError } from '../foundation/errors.js';
import type { Random } from '../foundation/random.js';
import type { AppendOutcome, LogStore, StoredCommit } from '../storage/types.js';
import { corrupt } from './commit-codec.js';

/** What became of a commit. Only `unknown` leaves a question open, and nothing may be deleted because of it. */
export type Landing =
  | { readonly kind: 'landed' }
  /** Another commit has the place. */
  | { readonly kind: 'superseded' }
  /** The store said conflict again and again, but nobody has the place. Nothing was written. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown'; readonly cause: unknown };

export interface LandOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly maxAttempts: number;
}

/**
 * Appends one commit at its place, once. Whatever the store answers short of `committed`, the place is read back and
 * commit ids are compared: a lost response, a retrying client and a 409 all end in the truth. Repeating the identical
 * append is safe because the place can be won only once.
 */
export async function land(log: LogStore, commit: StoredCommit, options: LandOptions): Promise<Landing> {
  let uncertain: { readonly cause: unknown } | undefined;
  for (let attempt = 1; attempt <= options.maxAttempts; attempt++) {
    const outcome = await tryAppend(log, commit, uncertain !== undefined);
    if (outcome.kind === 'committed') return { kind: 'landed' };
    if (outcome.kind === 'unknown') {
      uncertain = { cause: outcome.cause };
      // It will never answer again: asking a hundred times would only take its time.
      if (isMillwrightError(outcome.cause, 'storage/unusable')) break;
    }
    const found = await readBack(log, commit);
    if (found === 'ours') return { kind: 'landed' };
    if (found === 'other') return { kind: 'superseded' };
    await backOff(attempt, options);
  }
  return uncertain === undefined ? { kind: 'refused' } : { kind: 'unknown', cause: uncertain.cause };
}

/** Waits before attempt `attempt + 1`: not at all three times, then a random share of 5, 10, 20 … 250 ms. */
export function backOff(attempt: number, { clock, random }: LandOptions): Promise<void> {
  if (attempt <= IMMEDIATE_RETRIES) return Promise.resolve();
  const ceilingMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - IMMEDIATE_RETRIES - 1));
  return sleep(clock, random.next() * ceilingMs);
}

const IMMEDIATE_RETRIES = 3;
const FIRST_BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 250;

/** A store that throws after an unknown answer does not make that answer known. */
async function tryAppend(log: LogStore, commit: StoredCommit, uncertain: boolean): Promise<AppendOutcome> {
  try {
    return await log.append(commit);
  } catch (cause) {
    if (!uncertain) throw cause;
    return { kind: 'unknown', cause };
  }
}

async function readBack(log: LogStore, commit: StoredCommit): Promise<'ours' | 'other' | 'absent' | 'unreadable'> {
  try {
    for await (const stored of log.read({ from: commit.seq, limit: 1 })) {
      if (stored.commitId !== commit.commitId) return 'other';
      if (!sameBytes(stored.bytes, commit.bytes)) throw corrupt(commit.seq, 'it has our commit id but other bytes');
      return 'ours';
    }
    return 'absent';
  } catch {
    return 'unreadable';
  }
}
