import type { Need } from '@millwright/core';
import {
  bettingLogE,
  type EpochEvents,
  harmOdds,
  higherAlternatives,
  imbalanceOdds,
  mergedLogE,
  nonInferiorityOdds,
  restartMixture,
  restartState,
  riskRatioSequence,
} from '@millwright/core/statistics';
import type { RolloutDefinition, RolloutMetric } from './definition.js';
import type { Formula, MetricEvidence, RatioInterval, RolloutEvidence, RolloutVerdict, Situation } from './evidence.js';
import { explain } from './explain.js';
import { type Histograms, quantileOf, slowerLogE } from './quantiles.js';
import type { EpochStatistics, MetricSums, RolloutStatistics } from './statistics.js';

/** What is judged besides the sums. */
export interface JudgeOptions {
  readonly situation?: Situation | undefined;
  /** Also confidence sequences, which cost about 0.2 ms per metric. Default false. */
  readonly intervals?: boolean | undefined;
}

/**
 * Judges a rollout: a pure function of definition and merged statistics. Looking often costs nothing: over the whole life
 * of the rollout a harmless challenger is rolled back with probability at most `alpha.rollback` (weighted mean of
 * e-processes), and one that is worse than a margin is promoted with probability at most `alpha.promotion` (every metric
 * must be proved by itself).
 */
export function judge(
  definition: RolloutDefinition,
  statistics: RolloutStatistics,
  options: JudgeOptions = {},
): RolloutEvidence {
  const { situation = { stage: definition.stages.length - 1, epoch: Infinity, dwellMs: Infinity } } = options;
  const evidence = weigh(definition, statistics, situation, options.intervals ?? false);
  return { ...evidence, because: explain(definition, evidence, situation) };
}

/** The verdict and its numbers, without the words: for simulations, which look a million times. */
export function weigh(
  definition: RolloutDefinition,
  statistics: RolloutStatistics,
  situation: Situation,
  intervals = false,
): Omit<RolloutEvidence, 'because'> {
  const metrics = definition.metrics.map((metric) => judgeMetric(metric, definition, statistics, intervals));
  const guardrails = definition.metrics.filter(({ weight }) => weight > 0);
  const merged = mergedLogE(
    guardrails.map(({ id }) => metrics.find(({ metric }) => metric === id)!.harm!.logE),
    guardrails.map(({ weight }) => weight),
  );
  const harm = {
    logE: guardrails.length === 0 ? 0 : merged.logE,
    limit: -Math.log(definition.alpha.rollback),
    cause: guardrails[merged.cause]?.id,
  };
  const balance = judgeBalance(definition, statistics, situation.balancedUntil ?? -1);
  const limit = -Math.log(definition.alpha.promotion);
  const proofs = metrics.filter(({ proof }) => proof !== undefined);
  const weakest = proofs.reduce<MetricEvidence | undefined>(
    (low, one) => (low === undefined || one.proof!.logE < low.proof!.logE ? one : low),
    undefined,
  );
  const proof = { logE: weakest?.proof?.logE ?? 0, limit, weakest: weakest?.metric };
  const need = needs(definition, statistics, situation);
  const last = situation.stage >= definition.stages.length - 1;
  const verdict = ((): RolloutVerdict => {
    if (harm.logE >= harm.limit) return 'rollBack';
    // Sums that are no numbers say nothing, and least of all that everything is well.
    if (Number.isNaN(harm.logE) || Number.isNaN(balance.logE)) return 'hold';
    if (balance.logE >= balance.limit) return 'pause';
    if (need.length > 0 || harm.logE >= harm.limit / 2) return 'hold';
    if (!last) return 'advance';
    if (definition.mode === 'blueGreen') return 'promote';
    return proofs.every(({ proof: one }) => one!.proved) ? 'promote' : 'hold';
  })();
  return { definition: definition.digest, verdict, metrics, harm, proof, balance, need };
}

function judgeMetric(
  metric: RolloutMetric,
  definition: RolloutDefinition,
  statistics: RolloutStatistics,
  intervals: boolean,
): MetricEvidence {
  const sums: { readonly epoch: EpochStatistics; readonly sums: MetricSums }[] = [];
  for (const epoch of statistics) {
    const one = epoch.metrics[metric.id];
    if (one !== undefined) sums.push({ epoch, sums: one });
  }
  const events = metric.binary ? sums.map(({ epoch, sums: one }) => eventsOf(epoch, one)) : [];
  const limit = -Math.log(definition.alpha.promotion);
  const guardrail = metric.role !== 'promotion';
  const proofLogE = metric.role === 'guardrail' ? undefined : proofOf(metric, events, sums);
  const newest = sums.findLast(({ sums: { rows } }) => rows[0] > 0 && rows[1] > 0);
  const count = total(sums, 'sum');
  const enough = !metric.binary || count[0] + count[1] >= definition.minEvents;
  return {
    metric: metric.id,
    harm: guardrail ? harmOf(metric, definition, events, sums) : undefined,
    proof: proofLogE && { ...proofLogE, proved: enough && proofLogE.logE >= limit },
    newest: newest && newestOf(metric, newest.epoch.epoch, newest.sums),
    rows: total(sums, 'rows'),
    missing: total(sums, 'missing'),
    ...(intervals && metric.binary ? { ratio: ratioOf(events, definition.alpha.rollback) } : {}),
  };
}

type Sums = readonly { readonly epoch: EpochStatistics; readonly sums: MetricSums }[];

function total(sums: Sums, what: 'rows' | 'missing' | 'sum'): readonly [number, number] {
  let champion = 0;
  let challenger = 0;
  for (const { sums: one } of sums) {
    champion += one[what][0];
    challenger += one[what][1];
  }
  return [champion, challenger];
}

function newestOf(
  { quantile }: RolloutMetric,
  epoch: number,
  { rows, sum, histogram }: MetricSums,
): MetricEvidence['newest'] {
  if (quantile === undefined || histogram === undefined) return { epoch, rows, sum };
  return { epoch, rows, sum, quantiles: [quantileOf(histogram[0], quantile), quantileOf(histogram[1], quantile)] };
}

function harmOf(
  metric: RolloutMetric,
  { harmBegins }: RolloutDefinition,
  events: readonly EpochEvents[],
  sums: Sums,
): MetricEvidence['harm'] {
  if (metric.quantile !== undefined)
    return { logE: slowerLogE(sums.map(histogramOf), metric.quantile), formula: 'quantile/1' };
  if (!metric.binary) return { logE: wealthOf(sums, ({ rank }) => rank), formula: 'rank-betting/1' };
  const bad = metric.better === 'lower' ? events : swapped(events);
  if (harmBegins === 'anytime') return { logE: lateHarmLogE(metric, bad), formula: 'restarted-odds/1' };
  return { logE: harmOddsOf(metric)(bad), formula: 'conditional-odds/2' };
}

/** Each epoch may be the one with which harm begins. */
function lateHarmLogE(metric: RolloutMetric, epochs: readonly EpochEvents[]): number {
  const nullRatio = harmNullOf(metric);
  const alternatives = higherAlternatives(nullRatio, HARM_GRID);
  const state = restartState(alternatives);
  let logE = 0;
  epochs.forEach((events, i) => {
    logE = restartMixture(state, i + 1, events, nullRatio, alternatives);
  });
  return logE;
}

const histogramOf = ({ sums: { histogram } }: Sums[number]): Histograms => histogram ?? [{}, {}];

function proofOf(
  metric: RolloutMetric,
  events: readonly EpochEvents[],
  sums: Sums,
): { readonly logE: number; readonly formula: Formula } {
  // Not slower by the margin: in its time divided by 1 + margin, the challenger is faster than the champion.
  if (metric.quantile !== undefined) {
    const turned = sums.map(histogramOf).map(([champion, challenger]) => [challenger, champion] as const);
    const logE = slowerLogE(turned, metric.quantile, 1 / (1 + metric.margin.size) - 1);
    return { logE, formula: 'quantile/1' };
  }
  if (!metric.binary || metric.margin.kind === 'absolute')
    return { logE: wealthOf(sums, ({ effect }) => effect), formula: 'effect-betting/1' };
  const logE = proofOddsOf(metric)(metric.better === 'lower' ? events : swapped(events));
  return { logE, formula: 'conditional-odds/2' };
}

type Odds = (epochs: readonly EpochEvents[]) => number;

/** Up to a tenfold harm: what is worse is found soon anyway, and a longer grid would cost small harms time. */
export const HARM_GRID = { from: 1.1, to: 10 } as const;

/** The bets of a metric are functions of the metric alone, so that their logarithms are kept from look to look. */
const harmOddsOf = kept((metric) => harmOdds(harmNullOf(metric), HARM_GRID));
const harmNullOf = (metric: RolloutMetric) => (metric.rollBackWhen === 'beyondMargin' ? worstRatio(metric) : 1);
/** The nearest alternative lies at "no difference" when the margin is small, or the bets would overshoot it. */
const proofOddsOf = kept((metric) =>
  nonInferiorityOdds(worstRatio(metric), { from: 1 + Math.min(0.05, metric.margin.size) }),
);
const balanceOdds = imbalanceOdds();

function kept(make: (metric: RolloutMetric) => Odds): (metric: RolloutMetric) => Odds {
  const known = new WeakMap<RolloutMetric, Odds>();
  return (metric) => {
    const odds = known.get(metric) ?? make(metric);
    known.set(metric, odds);
    return odds;
  };
}

/** The ratio of bad to good arm at which the margin is used up: challenger / champion, or turned when higher is better. */
function worstRatio({ better, margin: { size } }: RolloutMetric): number {
  return better === 'lower' ? 1 + size : 1 / (1 - size);
}

function eventsOf({ share }: EpochStatistics, { sum }: MetricSums): EpochEvents {
  return { share, challenger: sum[1], total: sum[0] + sum[1] };
}

const swapped = (events: readonly EpochEvents[]): readonly EpochEvents[] =>
  events.map(({ share, challenger, total }) => ({ share: 1 - share, challenger: total - challenger, total }));

/** Log wealth of epochs adds up bet by bet; epochs without bets add nothing. */
function wealthOf(sums: Sums, pick: (one: MetricSums) => readonly number[] | undefined): number {
  let total: Float64Array | undefined;
  for (const { sums: one } of sums) {
    const wealth = pick(one);
    if (wealth === undefined) continue;
    total ??= new Float64Array(wealth.length);
    for (let k = 0; k < total.length; k++) total[k] = total[k]! + wealth[k]!;
  }
  return total === undefined ? 0 : bettingLogE(total);
}

function ratioOf(events: readonly EpochEvents[], alpha: number): RatioInterval {
  const { lower, upper } = riskRatioSequence(events, { alpha });
  return { lower, upper: Number.isFinite(upper) ? upper : undefined };
}

/** Half of the error for exposures, half for the labels of all label metrics. */
function judgeBalance(
  definition: RolloutDefinition,
  statistics: RolloutStatistics,
  after: number,
): RolloutEvidence['balance'] {
  const epochs = statistics.filter(({ epoch }) => epoch > after);
  const labels = definition.metrics.filter(({ kind }) => kind === 'label');
  const logs = [
    balanceOdds(epochs.map(({ share, exposures: [a, b] }) => ({ share, challenger: b, total: a + b }))),
    ...labels.map(({ id }) =>
      balanceOdds(
        epochs.flatMap(({ share, metrics }) => {
          const rows = metrics[id]?.rows;
          return rows === undefined ? [] : [{ share, challenger: rows[1], total: rows[0] + rows[1] }];
        }),
      ),
    ),
  ];
  const merged = mergedLogE(logs, [1, ...labels.map(() => 1 / labels.length)]);
  return {
    logE: merged.logE,
    limit: -Math.log(definition.alpha.balance),
    cause: merged.cause === 0 ? 'exposures' : labels[merged.cause - 1]?.id,
  };
}

function needs(
  definition: RolloutDefinition,
  statistics: RolloutStatistics,
  { stage, epoch, dwellMs }: Situation,
): RolloutEvidence['need'] {
  const rule = definition.stages[Math.min(stage, definition.stages.length - 1)]!;
  const current = epoch === Infinity ? statistics.at(-1) : statistics.find((one) => one.epoch === epoch);
  const out: (Need & { what: string })[] = [];
  if (dwellMs < rule.minDwellMs) out.push({ what: 'time in this stage' });
  const least = Math.min(...(current?.exposures ?? [0]));
  if (least < rule.minUnits) out.push({ what: 'units in each arm', units: rule.minUnits - least });
  for (const { id, windowMs } of definition.metrics) {
    const matured = Math.min(...(current?.metrics[id]?.rows ?? [0]));
    if (windowMs > 0 && matured < rule.minMatured)
      out.push({ what: `matured outcomes of ${id} in each arm`, labels: rule.minMatured - matured });
  }
  return out;
}
