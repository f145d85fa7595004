import type { Override } from '../routing/index.js';
import type { DurationText, ShareText } from './units.js';

/** How a rollout goes and what decides it, as people write it. Only `challenger` and `metrics` are required. */
export interface RolloutSpec {
  /** The version that shall become champion: `name@4`, or the version object. */
  readonly challenger: string | { readonly id: string };
  /** The alias that the version shall get. Default `champion`. */
  readonly alias?: string | undefined;
  /**
   * `canary` ramps through the stages and is promoted on proof. `blueGreen` loads and warms the challenger, moves everything
   * at once after `minDwell` (and approvals), and keeps the way back warm. Default `canary`.
   */
  readonly mode?: 'canary' | 'blueGreen' | undefined;
  /** Shares of the challenger. Default 1, 5, 25, 50 %. Promotion comes after the last. */
  readonly stages?: readonly (ShareText | StageSpec)[] | undefined;
  readonly metrics: readonly MetricSpec[];
  readonly alpha?: AlphaSpec | undefined;
  /** How long each stage lasts at least. Default 15 minutes. */
  readonly minDwell?: DurationText | undefined;
  /** Units that each arm has seen in a stage before the next one starts. Default 100. */
  readonly minUnits?: number | undefined;
  /** Matured rows with an outcome, in each arm and stage and for each metric with a window, before the next stage. Default 100. */
  readonly minMatured?: number | undefined;
  /** Events of each metric over both arms before it may speak for promotion. Default 5. */
  readonly minEvents?: number | undefined;
  /** Without a verdict after this time the rollout pauses and asks a person. Default 14 days. */
  readonly maxDuration?: DurationText | undefined;
  /** How long the old champion stays warm after the promotion. Default 24 hours. */
  readonly bake?: DurationText | undefined;
  /** How long matured windows wait for outcomes that are on their way. Default 0. */
  readonly grace?: DurationText | undefined;
  /** Approvals by people other than the author that the promotion needs. Default 0. */
  readonly approvals?: number | undefined;
  /** Which exposures open a row for statistics: each unit once per epoch, once ever, or every request (only when requests have no lasting unit). Default `epoch`. */
  readonly rows?: 'epoch' | 'unit' | 'request' | undefined;
  /** How long a replica trusts a policy that it cannot refresh. Default 5 minutes; 0: for ever. */
  readonly hardTtl?: DurationText | undefined;
  /**
   * Whether binary guardrails also bet that harm begins with some later stage (`anytime`), which finds it sooner there and
   * harm from the start a little later (E is halved). Default `atStart`.
   */
  readonly harmBegins?: 'atStart' | 'anytime' | undefined;
  /**
   * An emergency brake beside the guardrails, without a stated error: in a process it opens when the share `failures` (0.5)
   * of the challenger's last `of` (20) requests failed, and when `quorum` (0.5) of the live processes report that, the
   * rollout goes back. Default: none.
   */
  readonly breakers?:
    | {
        readonly failures?: number | undefined;
        readonly of?: number | undefined;
        readonly quorum?: number | undefined;
      }
    | undefined;
  /** Who goes to an arm (`champion`, `challenger`) whatever the hash says; left out of statistics. See `Override`. */
  readonly overrides?: readonly Override[] | undefined;
}

/** A stage as people write it; what is left out is the rollout’s. */
export interface StageSpec {
  /** Of a stage that adapts: the most that the challenger may get. */
  readonly share: ShareText;
  /** Lets the share follow a binary metric (a bandit) while the stage lasts. Default: the share stays. */
  readonly adapt?: AdaptSpec | undefined;
  /** Default: the rollout's. */
  readonly minDwell?: DurationText | undefined;
  readonly minUnits?: number | undefined;
  readonly minMatured?: number | undefined;
}

/** How a stage's share follows a metric. Every change begins an epoch, so it must last long enough for rows to mature. */
export interface AdaptSpec {
  /** The metric that should become good. */
  readonly metric: string;
  /** How long a share stays at least. Default 1 hour; at least the stage's `minDwell`. */
  readonly every?: DurationText | undefined;
  /** Both arms keep at least this share. Default 0.05. */
  readonly floor?: ShareText | undefined;
  /** How far the share moves at once. Default 0.1. */
  readonly maxStep?: number | undefined;
}

/** Probabilities of error over the whole life of the rollout, however often anybody looks. */
export interface AlphaSpec {
  /** That a challenger which harms no metric is ever rolled back by them. Default 0.02. */
  readonly rollback?: number | undefined;
  /** That a challenger which is worse than the margin of some metric is ever promoted. Default 0.05. */
  readonly promotion?: number | undefined;
  /** That a healthy rollout is paused because the arms seem to be filled, or labelled, unevenly. Default 0.01. */
  readonly balance?: number | undefined;
}

/** What is measured, which direction is good, and how much worse is still acceptable. */
export interface MetricSpec {
  readonly id: string;
  /**
   * `event`: did it happen to the unit (an error when there is no window, else an outcome). `latency`: was the answer slower
   * than `slo` milliseconds. `label`: a true label that comes later; without one the row does not count. `value`: an amount.
   */
  readonly kind: 'event' | 'latency' | 'label' | 'value';
  readonly better: 'lower' | 'higher';
  /** How much worse the challenger may be and still be promoted: a fraction of the champion's rate, or an absolute difference. */
  readonly margin: { readonly relative: number } | { readonly absolute: number };
  /** How long after exposure an outcome counts. Default 0: known with the answer. */
  readonly window?: DurationText | undefined;
  /** `guardrail` may roll back, `promotion` must be proved before promotion. Default `both`. */
  readonly role?: 'guardrail' | 'promotion' | 'both' | undefined;
  /**
   * When the guardrail strikes: as soon as the challenger is surely `worse` than the champion (default), or only when it is
   * surely worse than the margin (binary metrics with a relative margin).
   */
  readonly rollBackWhen?: 'worse' | 'beyondMargin' | undefined;
  /** Part of the rollback budget, relative to the other guardrails. Default 1. */
  readonly weight?: number | undefined;
  /** Milliseconds above which an answer counts as slow. `latency` needs this or a `quantile`. */
  readonly slo?: number | undefined;
  /** For `latency` instead of `slo`: the quantile of the latency that is compared, such as 0.99. Buckets are 2 % wide. */
  readonly quantile?: number | undefined;
  /** The largest amount that counts; larger ones are counted as this. Required for `value`. */
  readonly cap?: number | undefined;
  /**
   * For labels, what is made of the label and the remembered score (at least 0.5 means "yes"): `value` is the outcome itself
   * (default), `wrong` a disagreement, `missed` a yes that was answered no, `falseAlarm` a no that was answered yes,
   * `squaredError` the Brier score.
   */
  readonly measure?: 'value' | 'wrong' | 'missed' | 'falseAlarm' | 'squaredError' | undefined;
}
