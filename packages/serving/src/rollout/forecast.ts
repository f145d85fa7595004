import type { Verdict } from '@millwright/core';
import { eventsToDetect } from '@millwright/core/statistics';
import type { RolloutDefinition, RolloutMetric } from './definition.js';
import { showDuration } from './units.js';

/** What is known or assumed about the traffic before the rollout starts. */
export interface Traffic {
  /** Units that make a row, per day and over both arms. */
  readonly unitsPerDay: number;
  /** By metric, the champion's rate (binary metrics) or mean (values). */
  readonly rates: Readonly<Record<string, number>>;
}

/** Whether the gates can conclude, and when. */
export interface RolloutForecast {
  /** `fail` when a metric cannot be proved within `maxDuration`; `insufficient` when a rate is not known. */
  readonly verdict: Verdict;
  readonly metrics: readonly MetricForecast[];
  /** Milliseconds from the first exposure until every metric is proved, if the challenger is exactly as good. */
  readonly expectedMs: number | undefined;
  readonly sentence: string;
}

/** The same for one metric. */
export interface MetricForecast {
  readonly metric: string;
  readonly verdict: Verdict;
  /** Rows at the last stage until the margin is proved, if the challenger is exactly as good. */
  readonly rowsToProve: number | undefined;
  /** Rows at each stage until a harm of twice the rate would be rolled back by this metric alone. Binary guardrails only. */
  readonly rowsToRollBack: readonly number[] | undefined;
  readonly sentence: string;
}

/** Says before anybody is exposed whether the gates can conclude at this traffic. Pure arithmetic, about a microsecond per metric. */
export function forecastRollout(definition: RolloutDefinition, traffic: Traffic): RolloutForecast {
  const dwellMs = definition.stages.reduce((sum, { minDwellMs }) => sum + minDwellMs, 0);
  const available = definition.maxDurationMs - dwellMs;
  const metrics = definition.metrics.map((metric) => check(metric, definition, traffic, available));
  const rows = Math.max(0, ...metrics.map(({ rowsToProve }) => rowsToProve ?? 0));
  const verdicts = metrics.map(({ verdict }) => verdict);
  const verdict = verdicts.includes('fail') ? 'fail' : verdicts.includes('insufficient') ? 'insufficient' : 'pass';
  const longest = Math.max(0, ...definition.metrics.map(({ windowMs }) => windowMs));
  const expectedMs = verdict === 'insufficient' ? undefined : dwellMs + longest + daysToMs(rows / traffic.unitsPerDay);
  const open = metrics.filter((one) => one.verdict !== 'pass').map(({ sentence }) => sentence);
  const sentence =
    open.length > 0
      ? open.join(' ')
      : `A challenger that is as good as the champion is expected to be promoted after ${showDuration(expectedMs ?? 0)}.`;
  return { verdict, metrics, expectedMs, sentence };
}

function check(
  metric: RolloutMetric,
  definition: RolloutDefinition,
  traffic: Traffic,
  available: number,
): MetricForecast {
  const { id, role, binary } = metric;
  const rate = traffic.rates[id];
  if (rate === undefined || !(rate > 0) || !(traffic.unitsPerDay > 0)) {
    const sentence = `The rate of ${id} is not known, so it cannot be said whether it can be judged.`;
    return { metric: id, verdict: 'insufficient', rowsToProve: undefined, rowsToRollBack: undefined, sentence };
  }
  if (metric.quantile !== undefined) {
    const sentence = `How soon a quantile of ${id} can be judged depends on the shape of the latencies, which is not known here; try \`simulate\`.`;
    return { metric: id, verdict: 'insufficient', rowsToProve: undefined, rowsToRollBack: undefined, sentence };
  }
  const weight = metric.weight === 0 ? 1 : metric.weight;
  const rowsToRollBack =
    binary && role !== 'promotion'
      ? definition.stages.map(({ share }) =>
          rowsFor(
            eventsToDetect({ share: sided(metric, share), ratio: 2, alpha: definition.alpha.rollback * weight }),
            rate,
          ),
        )
      : undefined;
  if (role === 'guardrail')
    return {
      metric: id,
      verdict: 'pass',
      rowsToProve: undefined,
      rowsToRollBack,
      sentence: `${id} is a guardrail only.`,
    };
  const rowsToProve = proofRows(metric, definition, rate);
  const ms = daysToMs(rowsToProve / traffic.unitsPerDay) + metric.windowMs + definition.graceMs;
  const enough = ms <= available;
  const sentence = enough
    ? `${id} is expected to be proved with ${Math.round(rowsToProve)} rows, in ${showDuration(ms)}.`
    : `To prove ${id} within its margin takes about ${Math.round(rowsToProve)} rows at the last stage, ${showDuration(ms)} at this traffic; there are ${showDuration(Math.max(0, available))}. Widen the margin, give it more traffic, or more time.`;
  return { metric: id, verdict: enough ? 'pass' : 'fail', rowsToProve, rowsToRollBack, sentence };
}

/** Rows at the last stage until E is expected to reach 1 / alpha when there is no difference. */
function proofRows(metric: RolloutMetric, { stages, alpha }: RolloutDefinition, rate: number): number {
  const { share } = stages[stages.length - 1]!;
  const { kind, size } = metric.margin;
  if (metric.binary && kind === 'relative') {
    const nullRatio = metric.better === 'lower' ? 1 + size : 1 / (1 - size);
    return rowsFor(eventsToDetect({ share: sided(metric, share), ratio: 1, nullRatio, alpha: alpha.promotion }), rate);
  }
  const delta = kind === 'absolute' ? size : size * rate;
  const variance = (rate * (metric.cap - rate)) / (share * (1 - share));
  return (Math.log(1 / alpha.promotion) + Math.log(BETS)) / (delta ** 2 / (2 * variance));
}

/** How many bets share the wealth in effect betting. */
const BETS = 5;
const sided = ({ better }: RolloutMetric, share: number) => (better === 'lower' ? share : 1 - share);
const rowsFor = (events: number, rate: number) => events / rate;
const daysToMs = (days: number) => days * 86_400_000;
