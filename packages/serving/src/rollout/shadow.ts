import { type Clock, invalidInput, systemClock, type Verdict } from '@millwright/core';
import {
  bernoulliSequence,
  type Interval,
  meanBetting,
  pairedLogE,
  pairedWorseLogE,
} from '@millwright/core/statistics';
import { createOutcomeJoin, type Disposition, type Outcome } from '../outcome/index.js';
import type { CompiledPolicy } from '../routing/index.js';
import { type ServedDecision, scoreOf } from './observe.js';
import { overheadOf, type ShadowOverhead } from './shadow-overhead.js';
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
  /**
   * A second shadow arm that serves the champion's model again, as Diffy's secondary does: what differs there is noise (ties,
   * clocks, caches), and the challenger is held against it instead of against no difference at all.
   */
  readonly noiseArm?: string | undefined;
  /** The policy in force, `() => endpoint.policy`: with it the report says what copying costs the first answers. */
  readonly policy?: (() => CompiledPolicy | undefined) | undefined;
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
  /** With a `noiseArm`: how the challenger's differences compare with the champion's from itself, on the same requests. */
  readonly noise?:
    | {
        readonly pairs: number;
        /** Requests on which the champion differed from itself. */
        readonly count: number;
        readonly onlyChallengerDiffers: number;
        readonly onlyNoiseDiffers: number;
        /** ln E against "the challenger differs no more often than the champion does from itself". */
        readonly logE: number;
      }
    | undefined;
  readonly overhead?: ShadowOverhead | undefined;
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
  const { noiseArm, policy } = options;
  const noise = { pairs: 0, count: 0, onlyChallengerDiffers: 0, onlyNoiseDiffers: 0 };
  const overhead = policy && overheadOf(arm, policy);
  const waiting = new Map<string, FirstAnswer>();
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

  const differs = (first: number, second: number) => !(Math.abs(first - second) <= tolerance);

  function pair(decision: ServedDecision, first: number): void {
    if (decision.status !== 'answered') {
      counts.failed++;
      return;
    }
    const second = score(decision.output);
    counts.pairs++;
    if (differs(first, second)) counts.different++;
    const { decisionId, unit, epoch, time } = decision;
    const answers = Number(first >= 0.5) + 2 * Number(second >= 0.5);
    join.expose({ decisionId, unit, epoch, cohort: 0, time, score: answers });
  }

  /** Whether the copy differs; undefined when it failed. */
  const verdictOf = ({ status, output }: ServedDecision, first: number) =>
    status === 'answered' ? differs(first, score(output)) : undefined;

  function copied(decision: ServedDecision): void {
    const { decisionId, armAssigned } = decision;
    const first = waiting.get(decisionId);
    if (first === undefined || (armAssigned !== arm && armAssigned !== noiseArm)) return;
    if (armAssigned === arm) pair(decision, first.score);
    if (noiseArm !== undefined) {
      first.differs.set(armAssigned, verdictOf(decision, first.score));
      if (first.differs.size < 2) return;
      const [challenger, itself] = [first.differs.get(arm), first.differs.get(noiseArm)];
      if (challenger !== undefined && itself !== undefined) {
        noise.pairs++;
        noise.count += Number(itself);
        noise.onlyChallengerDiffers += Number(challenger && !itself);
        noise.onlyNoiseDiffers += Number(itself && !challenger);
      }
    }
    waiting.delete(decisionId);
  }

  return {
    decided(decision) {
      if (decision.shadow) copied(decision);
      else if (decision.status === 'answered') {
        overhead?.decided(decision);
        if (waiting.size >= maxWaiting) waiting.delete(waiting.keys().next().value!);
        waiting.set(decision.decisionId, { score: score(decision.output), differs: new Map() });
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
        ...(noiseArm !== undefined && { noise: { ...noise, logE: noiseLogE(noise) } }),
        ...(overhead && { overhead: overhead.report() }),
        logE,
        verdict: logE.worse >= limit ? 'fail' : logE.withinMargin >= limit ? 'pass' : 'insufficient',
      };
    },
  };
}

interface FirstAnswer {
  readonly score: number;
  /** By shadow arm, whether its copy differs; undefined when it failed. */
  readonly differs: Map<string, boolean | undefined>;
}

function noiseLogE(noise: { readonly onlyChallengerDiffers: number; readonly onlyNoiseDiffers: number }): number {
  return pairedWorseLogE({ championOnly: noise.onlyChallengerDiffers, challengerOnly: noise.onlyNoiseDiffers });
}

/** Who was right: 1 only the second, -1 only the first, 0 both or none. `answers` holds two yes-or-no answers as bits. */
function differenceOf(label: boolean, answers: number): number {
  const first = (answers & 1) === 1;
  const second = (answers & 2) === 2;
  return Number(second === label) - Number(first === label);
}
