import { type Clock, invalidInput, systemClock, type Verdict } from '@millwright/core';
import {
  bernoulliSequence,
  type Interval,
  meanBetting,
  pairedLogE,
  pairedWorseLogE,
} from '@millwright/core/statistics';
import { createOutcomeJoin, type Disposition, type Outcome } from '../outcome/index.js';
import { type ServedDecision, scoreOf } from './observe.js';
import { type DurationText, parseDuration } from './units.js';

/** How copies are compared with the answers that were given. */
export interface ShadowOptions {
  /** How long after a decision its label counts. Default 24 hours. */
  readonly window?: DurationText | undefined;
  /** How much less often right the challenger may be, as a difference of rates, and still pass. Default 0.01. */
  readonly margin?: number | undefined;
  /** Errors of "worse" and of "within the margin", each over the whole life. Default 0.05. */
  readonly alpha?: number | undefined;
  /** The number that labels are held against, at least 0.5 meaning "yes". Default: see `scoreOf`. */
  readonly score?: ((output: unknown) => number) | undefined;
  /** Scores further apart than this count as a difference between the answers. Default 1e-6. */
  readonly tolerance?: number | undefined;
  /** The shadow arm. Default `challenger`. */
  readonly arm?: string | undefined;
  /** First answers that may wait for their copy. Default 4,096; the oldest are given up. */
  readonly maxWaiting?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What the copies say. Nobody saw the challenger's answers, so this costs no risk; it says nothing about how users react. */
export interface ShadowReport {
  /** Requests that both arms answered. */
  readonly pairs: number;
  /** Copies that failed. */
  readonly failed: number;
  /** Pairs whose answers differ by more than the tolerance, and the confidence sequence (95 %) of their share. */
  readonly different: { readonly count: number; readonly interval: Interval };
  /** Pairs whose label has come. */
  readonly labelled: number;
  /** Labelled pairs of which only one arm was right. */
  readonly onlyChallengerRight: number;
  readonly onlyChampionRight: number;
  /** ln E against "equally often right" (two sides), against "at least as often right", and against "worse by the margin". */
  readonly logE: { readonly different: number; readonly worse: number; readonly withinMargin: number };
  /** `fail`: surely worse. `pass`: surely within the margin. */
  readonly verdict: Verdict;
}

/** Compares a shadow arm with the arm that answered, request by request. */
export interface ShadowComparison {
  decided(decision: ServedDecision): void;
  record(outcome: Outcome): Disposition;
  /** Labels whose window has passed by `now` join the report. */
  advance(now: number): void;
  report(): ShadowReport;
}

/**
 * Pairs each answer with the shadow arm's and judges the pairs when their labels come. Pairs need far fewer requests than
 * two groups do, because both arms see the same request. Memory is bounded. Listen with `endpoint.observe(shadow.decided)`.
 */
export function createShadowComparison(options: ShadowOptions = {}): ShadowComparison {
  const { margin = 0.01, alpha = 0.05, score = scoreOf, tolerance = 1e-6, arm = 'challenger' } = options;
  const { maxWaiting = 4096, clock = systemClock } = options;
  if (!(margin > 0 && margin < 1)) throw invalidInput('margin', 'a difference between 0 and 1', margin);
  const counts = { pairs: 0, failed: 0, different: 0, labelled: 0, onlyChallengerRight: 0, onlyChampionRight: 0 };
  // Differences of correctness, -1, 0 or 1, are brought to [0, 1] for the bet.
  const bets = meanBetting((1 - margin) / 2, { alpha, share: 1 });
  const waiting = new Map<string, number>();
  const join = createOutcomeJoin({
    metrics: [
      {
        id: 'difference',
        windowMs: parseDuration(options.window ?? '24h', 'window'),
        combine: 'first',
        endsWithEpoch: false,
        measure: (label, answers) => differenceOf(label >= 0.5, answers),
      },
    ],
    rows: 'request',
    onRow(_metric, _cohort, difference) {
      if (Number.isNaN(difference)) return;
      counts.labelled++;
      if (difference > 0) counts.onlyChallengerRight++;
      else if (difference < 0) counts.onlyChampionRight++;
      bets.add((difference + 1) / 2);
    },
  });

  function pair(decision: ServedDecision, first: number): void {
    if (decision.status !== 'answered') {
      counts.failed++;
      return;
    }
    const second = score(decision.output);
    counts.pairs++;
    if (!(Math.abs(first - second) <= tolerance)) counts.different++;
    const { decisionId, unit, epoch, time } = decision;
    const answers = Number(first >= 0.5) + 2 * Number(second >= 0.5);
    join.expose({ decisionId, unit, epoch, cohort: 0, time, score: answers });
  }

  return {
    decided(decision) {
      if (decision.shadow) {
        const first = waiting.get(decision.decisionId);
        if (first === undefined || decision.armAssigned !== arm) return;
        waiting.delete(decision.decisionId);
        pair(decision, first);
      } else if (decision.status === 'answered') {
        if (waiting.size >= maxWaiting) waiting.delete(waiting.keys().next().value!);
        waiting.set(decision.decisionId, score(decision.output));
      }
    },
    record: (outcome) => join.record(outcome, clock.now()),
    advance: (now) => join.advance(now),
    report() {
      const { onlyChallengerRight, onlyChampionRight, pairs, different } = counts;
      const discordant = { challengerOnly: onlyChallengerRight, championOnly: onlyChampionRight };
      const logE = {
        different: pairedLogE(discordant),
        worse: pairedWorseLogE(discordant),
        withinMargin: bets.logUp,
      };
      const limit = -Math.log(alpha);
      return {
        ...counts,
        different: { count: different, interval: bernoulliSequence(different, pairs, { tunedFor: 1_000 }) },
        logE,
        verdict: logE.worse >= limit ? 'fail' : logE.withinMargin >= limit ? 'pass' : 'insufficient',
      };
    },
  };
}

/** Who was right: 1 only the second, -1 only the first, 0 both or none. `answers` holds two yes-or-no answers as bits. */
function differenceOf(label: boolean, answers: number): number {
  const first = (answers & 1) === 1;
  const second = (answers & 2) === 2;
  return Number(second === label) - Number(first === label);
}
