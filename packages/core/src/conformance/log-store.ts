import type { Clock } from '../foundation/clock.js';
import { type CommitId, idSource } from '../foundation/ids.js';
import { seededRandom } from '../foundation/random.js';
import type { LogStore } from '../storage/types.js';
import type { Case, CaseOf } from './case.js';
import { abortCases } from './log/abort.js';
import { ambiguityCases } from './log/ambiguity.js';
import { boundsCases } from './log/bounds.js';
import { concurrencyCases } from './log/concurrency.js';
import { contractCases } from './log/contract.js';
import { durabilityCases } from './log/durability.js';
import { hostileCases } from './log/hostile.js';
import type { LogBench } from './log/steps.js';
import { suiteOf } from './suite.js';

/**
 * The tests that every `LogStore` has to pass. `make` opens the log of a place: a new, empty one for a name that it has
 * not seen, the same one again - as another process would open it - for a name that it has.
 * @example
 * for (const c of logStoreCases(() => myLog(fakeClient()))) test.skipIf(c.skip)(c.name, c.run);
 */
export function logStoreCases(
  make: (place: string) => LogStore | Promise<LogStore>,
  support: LogStoreSupport = {},
): readonly Case[] {
  return suiteOf(GROUPS, make, support, benchOf);
}

/** What the store under test can do, so that the rest is skipped. */
export interface LogStoreSupport {
  /** `make(place)` opens the same log again for the same place. Default false, which skips all tests with two clients. */
  readonly reopen?: boolean | undefined;
  /** More than a thousand commits in one test are not too slow. Default true. */
  readonly bulk?: boolean | undefined;
}

const GROUPS: readonly (readonly [string, readonly CaseOf<LogBench>[]])[] = [
  ['contract', contractCases],
  ['bounds', boundsCases],
  ['hostile data', hostileCases],
  ['abort', abortCases],
  ['concurrency', concurrencyCases],
  ['ambiguity', ambiguityCases],
  ['durability', durabilityCases],
];

/** Ids and choices are the same in every run of a case. */
function benchOf(open: LogBench['open'], name: string): LogBench {
  const random = seededRandom(name.length);
  const nextId = idSource(FIXED_CLOCK, random);
  return {
    open,
    random,
    commit: (seq, bytes = new TextEncoder().encode(`commit ${seq}`)) => ({ seq, commitId: nextId<CommitId>(), bytes }),
  };
}

const FIXED_CLOCK: Clock = { now: () => 1_700_000_000_000, monotonic: () => 0, schedule: () => () => undefined };
