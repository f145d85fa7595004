import { invalidInput, type Verdict } from '@millwright/core';
import { newcombeDifference, normalQuantile } from '@millwright/core/statistics';
import { confusionOf } from '../compare/cells.js';
import type { EvaluationReport, SliceGroup } from '../compare/report.js';
import type { FairRule } from '../gate/policy.js';
import type { RuleResult } from '../gate/verdict.js';
import { metricFor } from '../metrics/catalogue.js';
import { levelOfExtremes, ratioInterval } from '../metrics/fairness.js';
import type { Measure } from '../metrics/measure.js';
import { showAmount, showCount, showValue } from '../report/sentence.js';

/** The challenger's rate by group: the largest difference, or the smallest ratio, with its interval. */
export function judgeFair(report: EvaluationReport, rule: FairRule, alpha: number): RuleResult {
  if (report.task !== 'binary')
    throw invalidInput('policy.rules', 'fairness rules for a binary task only', report.task);
  if (rule.maxDifference === undefined && rule.minRatio === undefined)
    throw invalidInput('policy.rules', 'a fair rule with `maxDifference` or `minRatio`', 'neither');
  const metric = metricFor(report.task, rule.metric ?? 'recall');
  if (metric.kind !== 'cells') throw invalidInput('policy.rules', 'a rate for a fair rule', metric.name);
  const minSupport = rule.minSupport ?? report.minSupport;
  const notes: string[] = [];
  const rates: { place: string; count: number; n: number; value: number }[] = [];
  for (const group of report.slices) {
    if (group.slice !== rule.slice || group.cells === undefined) continue;
    const measure = metric.of(confusionOf(group.cells, 'challenger'));
    const n = effectiveRows(report, group, metric.name, measure);
    if (measure.value === undefined) notes.push(`${group.value} is left out: ${measure.undefinedWhy}.`);
    else if (n === undefined)
      notes.push(
        `${group.value} is left out: its ${metric.label} was not computed by unit. Name it in \`sliceMetrics\`.`,
      );
    else if (n < minSupport) notes.push(`${group.value} is left out: only ${showCount(n)} rows.`);
    else rates.push({ place: group.value, count: measure.value * n, n, value: measure.value });
  }
  rates.sort((a, b) => a.value - b.value);
  const low = rates[0];
  const high = rates.at(-1);
  if (low === undefined || high === undefined || low === high)
    return {
      rule,
      verdict: 'insufficient',
      sentence: `Fewer than two groups of ${rule.slice} have enough rows for the ${metric.label}.`,
      need: { what: `rows in two groups of ${rule.slice}` },
      tests: [],
      notes,
    };
  // The two extremes were picked out of all pairs, so all pairs share the error.
  const level = levelOfExtremes(rates.length, alpha);
  const verdicts: Verdict[] = [];
  if (rule.maxDifference !== undefined) {
    const { lower, upper } = newcombeDifference(high, low, level);
    verdicts.push(upper <= rule.maxDifference ? 'pass' : lower > rule.maxDifference ? 'fail' : 'insufficient');
  }
  if (rule.minRatio !== undefined) {
    const { lower, upper } = ratioInterval(low, high, level) ?? { lower: 0, upper: Number.POSITIVE_INFINITY };
    verdicts.push(lower >= rule.minRatio ? 'pass' : upper < rule.minRatio ? 'fail' : 'insufficient');
  }
  const verdict: Verdict = verdicts.includes('fail')
    ? 'fail'
    : verdicts.includes('insufficient')
      ? 'insufficient'
      : 'pass';
  const allowed = [
    ...(rule.maxDifference === undefined ? [] : [`at most ${showAmount(metric, rule.maxDifference)} apart`]),
    ...(rule.minRatio === undefined ? [] : [`a ratio of at least ${rule.minRatio}`]),
  ].join(' and ');
  return {
    rule,
    verdict,
    sentence: `By ${rule.slice}, the ${metric.label} of ${report.challenger} goes from ${showValue(metric, low.value)} (${low.place}) to ${showValue(metric, high.value)} (${high.place}), a ratio of ${high.value === 0 ? 'nothing' : (low.value / high.value).toFixed(2)}; ${allowed} is asked for${verdict === 'insufficient' ? ', and the rows do not settle it' : ''}.`,
    ...(verdict === 'insufficient' ? { need: { what: `more rows in ${low.place} and ${high.place}` } } : {}),
    tests: rates.map(({ place, n, value }) => ({ place: `${rule.slice} = ${place}`, n, verdict, benefit: value })),
    notes,
  };
}

/** The rows of a rate; where rows of a unit are dependent, as many independent ones as would give its interval. */
function effectiveRows(
  report: EvaluationReport,
  group: SliceGroup,
  name: string,
  measure: Measure,
): number | undefined {
  if (report.units === undefined || measure.value === undefined) return measure.n;
  const interval = group.metrics.find((found) => found.metric === name)?.challenger.interval;
  if (interval === undefined) return undefined;
  const error = (interval.upper - interval.lower) / (2 * normalQuantile(0.975));
  return error > 0 ? Math.min(measure.n, (measure.value * (1 - measure.value)) / (error * error)) : measure.n;
}
