import { invalidInput } from '@millwright/core';
import { decisionIndex } from './decision-index.js';
import { identityTable } from './identity-table.js';
import { grownRing, rowRing } from './row-ring.js';

/** What became of a decision, reported by the host application whenever it is known. */
export interface Outcome {
  readonly decisionId: string;
  /** The true label, the amount, or whether it happened. */
  readonly value: number | boolean;
  /** When it happened, milliseconds since 1970. Default: when it is recorded. */
  readonly time?: number | undefined;
  /** Counts for this metric only. Default: for every metric of the join. */
  readonly metric?: string | undefined;
}

/** @throws `input/invalid` for a value that is no number */
export function checkOutcome({ value }: Outcome): void {
  if (!Number.isFinite(Number(value))) throw invalidInput('outcome.value', 'a finite number', value);
}

/** A metric as the join sees it. */
export interface OutcomeMetric {
  readonly id: string;
  /** How long after the first exposure an outcome counts, in milliseconds. 0: only what is known at exposure. */
  readonly windowMs: number;
  /** `first`: one label, later ones are duplicates. `any`: 1 once something above 0 came. `sum`: the amounts add up. */
  readonly combine: 'first' | 'any' | 'sum';
  /** The window also ends with the epoch, for both arms alike. For behaviour of the unit, not for labels of a decision. */
  readonly endsWithEpoch: boolean;
  /** The metric's value from the outcome and the score remembered at exposure; NaN when it does not apply. Default: the outcome. */
  readonly measure?: ((value: number, score: number) => number) | undefined;
}

/** Which metrics outcomes become, what counts as one row, and how much may be open. */
export interface OutcomeJoinOptions {
  readonly metrics: readonly OutcomeMetric[];
  /** Which exposures open a row: a unit's first in each epoch, its first ever, or every request. Default `epoch`. */
  readonly rows?: 'epoch' | 'unit' | 'request' | undefined;
  /** How long after its window a row waits for outcomes that are on their way, in milliseconds. Default 0. */
  readonly graceMs?: number | undefined;
  /** Rows that may be open at once; further exposures are counted as dropped. Default 4,194,304. */
  readonly maxOpen?: number | undefined;
  /** Outcomes that may wait for their exposure. Default 4,096. */
  readonly maxEarly?: number | undefined;
  /**
   * A row has matured: metric index, cohort, and the value, NaN when no outcome came. Called in order of exposure; the
   * row never changes afterwards.
   */
  readonly onRow: (metric: number, cohort: number, value: number) => void;
  /** Hears of outcomes that change nothing because they came too late, or because nobody knows their decision. */
  readonly deadLetter?: DeadLetterSink | undefined;
}

/** Takes an outcome that could not be used: `late` after its window or its row, `orphan` without a decision. */
export type DeadLetterSink = (outcome: Outcome, reason: 'late' | 'orphan') => void;

/** What happened to an outcome. */
export type Disposition = 'applied' | 'duplicate' | 'late' | 'early' | 'orphan';

/** Counts since the join was opened. */
export interface OutcomeCounts {
  readonly rows: number;
  readonly open: number;
  readonly applied: number;
  readonly duplicates: number;
  readonly late: number;
  /** Outcomes whose decision is not known (any more). */
  readonly orphans: number;
  /** Exposures for which no row could be opened. */
  readonly dropped: number;
}

/** An exposure: an answer was used. */
export interface Exposure {
  readonly decisionId: string;
  /** Who was exposed; without one no unit row is opened. */
  readonly unit: string | undefined;
  readonly epoch: number;
  /** A number that stands for (epoch, arm); it comes back with the row. */
  readonly cohort: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** What `measure` needs of the answer, as one number. Default NaN. */
  readonly score?: number | undefined;
  /** By metric, what is known at once (an error, the latency); NaN where nothing is. */
  readonly known?: ArrayLike<number> | undefined;
}

/**
 * Joins decisions with what became of them. A row opens at first exposure, takes what happens within its window, matures
 * at window + grace by the clock that is passed in, and never changes after that. Rows live in typed arrays: about 60
 * bytes each with two metrics, and about 40 more for the ids of decision and unit.
 */
export interface OutcomeJoin {
  readonly counts: OutcomeCounts;
  /** Opens a row, or adds the decision to the unit's open row. True when a row was opened. */
  expose(exposure: Exposure): boolean;
  /** `now` is when the outcome was received. */
  record(outcome: Outcome, now: number): Disposition;
  /** From `time` on, units are counted in the next epoch. */
  endEpoch(epoch: number, time: number): void;
  /** Hands out the rows that have matured at `now`. */
  advance(now: number): void;
}

/** A join that waits for outcomes of decisions, each within its window. */
export function createOutcomeJoin(options: OutcomeJoinOptions): OutcomeJoin {
  const { metrics, rows = 'epoch', graceMs = 0, maxOpen = 2 ** 22, maxEarly = 4096, onRow, deadLetter } = options;
  if (!(graceMs >= 0)) throw invalidInput('graceMs', 'a number of 0 or more', graceMs);
  for (const { id, windowMs } of metrics)
    if (!(windowMs >= 0)) throw invalidInput(`metrics.${id}.windowMs`, 'a number of 0 or more', windowMs);
  const waits = metrics.map(({ windowMs }) => (windowMs === 0 ? 0 : windowMs + graceMs));
  const longest = Math.max(0, ...waits);
  const byId = new Map(metrics.map(({ id }, index) => [id, index]));

  let ring = rowRing(1024, metrics.length);
  const heads = metrics.map(() => 0);
  let tail = 0;
  const units = identityTable();
  const decisions = decisionIndex(longest);
  const early = new Map<string, { readonly outcome: Outcome; readonly received: number }[]>();
  let earlyCount = 0;
  const epochEnds = new Map<number, number>();
  let newestEpoch = 0;
  const counts = { rows: 0, applied: 0, duplicates: 0, late: 0, orphans: 0, dropped: 0 };
  const oldest = () => {
    let least = tail;
    for (const head of heads) if (head < least) least = head;
    return least;
  };

  const open = (exposure: Exposure): number => {
    if (tail - oldest() >= ring.capacity) {
      if (ring.capacity * 2 > maxOpen) {
        counts.dropped++;
        return -1;
      }
      ring = grownRing(ring, oldest(), tail);
    }
    const slot = tail & (ring.capacity - 1);
    ring.openedAt[slot] = exposure.time;
    ring.epoch[slot] = exposure.epoch;
    ring.cohort[slot] = exposure.cohort;
    ring.score[slot] = exposure.score ?? Number.NaN;
    for (const values of ring.values) values[slot] = Number.NaN;
    counts.rows++;
    return tail++;
  };

  /** The row of the exposure's unit, opened when it is the first; -1 when it gets none. */
  const rowFor = (exposure: Exposure): number => {
    if (rows === 'request') return open(exposure);
    if (exposure.unit === undefined || exposure.unit === '') return -1;
    if (exposure.epoch > newestEpoch) {
      newestEpoch = exposure.epoch;
      if (rows === 'epoch' && units.size > 65_536) units.retain((epoch) => epoch > newestEpoch);
    }
    const known = units.find(exposure.unit);
    if (known >= 0 && (rows === 'unit' || units.first(known) > exposure.epoch))
      return unwrapped(units.second(known) - 1, tail);
    const row = open(exposure);
    units.set(exposure.unit, exposure.epoch + 1, (row % WRAP) + 1);
    return row;
  };

  const epochEndOf = (row: number) => epochEnds.get(ring.epoch[row & (ring.capacity - 1)]!) ?? Infinity;

  const settle = (metric: number, row: number, value: number, time: number, epochEnd: number): Disposition => {
    const definition = metrics[metric]!;
    const slot = row & (ring.capacity - 1);
    if (row < heads[metric]! || time > ring.openedAt[slot]! + definition.windowMs) return 'late';
    if (definition.endsWithEpoch && time > epochEnd) return 'late';
    const measured = definition.measure === undefined ? value : definition.measure(value, ring.score[slot]!);
    if (Number.isNaN(measured)) return 'applied';
    const values = ring.values[metric]!;
    const before = values[slot]!;
    if (Number.isNaN(before)) values[slot] = definition.combine === 'any' ? Number(measured > 0) : measured;
    else if (definition.combine === 'sum') values[slot] = before + measured;
    else if (definition.combine === 'any' && before === 0 && measured > 0) values[slot] = 1;
    else return 'duplicate';
    return 'applied';
  };

  const settleAll = (outcome: Outcome, row: number, received: number): Disposition => {
    const value = Number(outcome.value);
    if (row < oldest()) return 'late';
    const time = outcome.time ?? received;
    const only = outcome.metric === undefined ? undefined : byId.get(outcome.metric);
    if (outcome.metric !== undefined && only === undefined) return 'orphan';
    const epochEnd = epochEndOf(row);
    let result: Disposition = 'late';
    for (let metric = 0; metric < metrics.length; metric++) {
      if (only !== undefined && metric !== only) continue;
      if (received > ring.openedAt[row & (ring.capacity - 1)]! + waits[metric]!) continue;
      const one = settle(metric, row, value, time, epochEnd);
      if (RANK[one] > RANK[result]) result = one;
    }
    return result;
  };

  const count = (outcome: Outcome, disposition: Disposition): Disposition => {
    if (disposition === 'applied') counts.applied++;
    else if (disposition === 'duplicate') counts.duplicates++;
    else if (disposition === 'late') counts.late++;
    else if (disposition === 'orphan') counts.orphans++;
    if (disposition === 'late' || disposition === 'orphan') deadLetter?.(outcome, disposition);
    return disposition;
  };

  const hold = (outcome: Outcome, received: number): Disposition => {
    if (earlyCount >= maxEarly) return count(outcome, 'orphan');
    const waiting = early.get(outcome.decisionId);
    if (waiting === undefined) early.set(outcome.decisionId, [{ outcome, received }]);
    else waiting.push({ outcome, received });
    earlyCount++;
    return 'early';
  };

  const settleEarly = (decisionId: string, row: number) => {
    const waiting = early.get(decisionId) ?? [];
    early.delete(decisionId);
    earlyCount -= waiting.length;
    for (const { outcome, received } of waiting) count(outcome, settleAll(outcome, row, received));
  };

  return {
    get counts() {
      return { ...counts, open: tail - oldest() };
    },
    expose(exposure) {
      const before = tail;
      const row = rowFor(exposure);
      if (row < 0) return false;
      const { known } = exposure;
      if (known !== undefined && row >= oldest()) {
        const epochEnd = epochEndOf(row);
        for (let metric = 0; metric < metrics.length; metric++)
          if (!Number.isNaN(known[metric]!)) settle(metric, row, known[metric]!, exposure.time, epochEnd);
      }
      if (longest > 0) {
        decisions.add(exposure.decisionId, row % WRAP, exposure.time);
        if (earlyCount > 0) settleEarly(exposure.decisionId, row);
      }
      return tail > before;
    },
    record(outcome, now) {
      checkOutcome(outcome);
      const row = decisions.find(outcome.decisionId);
      return row === -1 ? hold(outcome, now) : count(outcome, settleAll(outcome, unwrapped(row, tail), now));
    },
    endEpoch(epoch, time) {
      if (!epochEnds.has(epoch)) epochEnds.set(epoch, time);
    },
    advance(now) {
      for (let metric = 0; metric < metrics.length; metric++) {
        const wait = waits[metric]!;
        const values = ring.values[metric]!;
        let head = heads[metric]!;
        for (; head < tail; head++) {
          const slot = head & (ring.capacity - 1);
          if (ring.openedAt[slot]! + wait > now) break;
          onRow(metric, ring.cohort[slot]!, values[slot]!);
        }
        heads[metric] = head;
      }
      decisions.forget(now);
      if (earlyCount > 0) {
        for (const [id, waiting] of early) {
          if (waiting.some(({ received }) => received + longest >= now)) break;
          early.delete(id);
          earlyCount -= waiting.length;
          for (const { outcome } of waiting) count(outcome, 'orphan');
        }
      }
    },
  };
}

const RANK = { orphan: 0, late: 1, early: 1, duplicate: 2, applied: 3 } as const;

/** Row numbers are kept modulo this in 32 bits; far fewer rows are open at once. */
const WRAP = 2 ** 31;

function unwrapped(row: number, tail: number): number {
  if (row < 0) return -1;
  const turn = Math.floor((tail - 1) / WRAP) * WRAP;
  return row + turn < tail ? row + turn : row + turn - WRAP;
}
