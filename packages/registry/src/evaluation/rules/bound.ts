import type { Verdict } from '@millwright/core';
import type { EvaluationReport, Group } from '../compare/report.js';
import type { BoundRule } from '../gate/policy.js';
import type { RuleResult, RuleTest } from '../gate/verdict.js';
import { metricFor } from '../metrics/catalogue.js';
import type { Measure } from '../metrics/measure.js';
import { isSlice, showCount, showPlace, showValue } from '../report/sentence.js';
import { lookUp, select } from './look-up.js';

/** The challenger's own value against a bound, by its 95 % interval. */
export function judgeBound(report: EvaluationReport, rule: BoundRule): RuleResult {
  const metric = metricFor(report.task, rule.metric);
  const { groups, gaps } =
    rule.slices === undefined ? { groups: [report.overall], gaps: [] } : select(report, rule.slices);
  const sign = rule.rule === 'atLeast' ? 1 : -1;
  const word = rule.rule === 'atLeast' ? 'at least' : 'at most';
  const tests: RuleTest[] = [];
  const lines: string[] = [];
  for (const group of groups) {
    const { challenger, why } = lookUp(report, group, rule.metric);
    const gap = gapOf(report, group, challenger, why);
    if (challenger.value === undefined || gap !== undefined) {
      gaps.push(`${isSlice(group) ? `In ${showPlace(group)} the` : 'The'} ${metric.label} ${gap}.`);
      continue;
    }
    const { value, interval, bound = 0 } = challenger;
    const { lower, upper } = interval ?? { lower: value - bound, upper: value + bound };
    const [worst, best] = sign === 1 ? [lower, upper] : [upper, lower];
    const verdict: Verdict =
      sign * (worst - rule.value) >= 0 ? 'pass' : sign * (best - rule.value) < 0 ? 'fail' : 'insufficient';
    tests.push({ place: showPlace(group), n: challenger.n, verdict, benefit: sign * (challenger.value - rule.value) });
    lines.push(
      `${isSlice(group) ? `In ${showPlace(group)} the` : 'The'} ${metric.label} of ${report.challenger} is ${showValue(metric, challenger.value)} ${interval === undefined ? '(a point value, it has no interval)' : `(95 % between ${showValue(metric, lower)} and ${showValue(metric, upper)})`}; ${word} ${showValue(metric, rule.value)} is asked for.`,
    );
  }
  const deciding = ['fail', 'insufficient', 'pass']
    .map((v) => tests.findIndex((t) => t.verdict === v))
    .find((i) => i >= 0);
  const worst = deciding === undefined ? undefined : tests[deciding]!.verdict;
  const verdict: Verdict = worst === 'fail' ? 'fail' : gaps.length > 0 || worst === undefined ? 'insufficient' : worst;
  return {
    rule,
    verdict,
    sentence:
      (verdict === 'insufficient' && gaps[0]) ||
      (deciding === undefined ? 'There was nothing to look at.' : lines[deciding]!),
    ...(verdict === 'insufficient' ? { need: { what: 'more rows for a narrower interval' } } : {}),
    tests,
    notes: gaps,
  };
}

/** Why a group cannot be held to a bound. */
function gapOf(report: EvaluationReport, group: Group, { value, interval }: Measure, why: string): string | undefined {
  if (value === undefined) return `is undefined: ${why}`;
  if (group.n < report.minSupport)
    return `stands on ${showCount(group.n)} rows, fewer than the ${showCount(report.minSupport)} that are needed`;
  return interval === undefined && report.units !== undefined ? 'has no interval by unit' : undefined;
}
