import type { Verdict } from '@millwright/core';
import { pAbove, pBelow } from '../compare/paired.js';
import type { EvaluationReport, Group } from '../compare/report.js';
import type { GateRule, NonInferiorRule, SuperiorRule } from '../gate/policy.js';
import type { RuleResult } from '../gate/verdict.js';
import type { Metric } from '../metrics/catalogue.js';
import { showAmount, showChance, showCount, showPlace, showValue } from '../report/sentence.js';
import { lookUp } from './look-up.js';
import { rowsMissing } from './power.js';

/** Superiority and non-inferiority over all rows. */
export function judgeOverall(
  report: EvaluationReport,
  rule: SuperiorRule | NonInferiorRule,
  alpha: number,
): RuleResult {
  const found = lookUp(report, report.overall, rule.metric ?? report.primary);
  const { metric, challenger, champion, difference } = found;
  if (challenger.value === undefined || champion.value === undefined || difference === undefined)
    return undecided(rule, report.overall, metric, found.why);
  const level = rule.alpha ?? alpha;
  const margin = rule.rule === 'superior' ? (rule.margin ?? 0) : -rule.margin;
  const sign = metric.better === 'higher' ? 1 : -1;
  const benefit = sign * difference.value;
  const better = pAbove(difference, margin, sign);
  const worse = pBelow(difference, margin, sign);
  const harmed = rule.rule === 'superior' ? pBelow(difference, 0, sign) <= level : worse <= level;
  const verdict: Verdict = better <= level ? 'pass' : harmed ? 'fail' : 'insufficient';
  const seen = `On ${showCount(difference.n)} rows the ${metric.label} of ${report.challenger} is ${showValue(metric, challenger.value)}, of ${report.champion} ${showValue(metric, champion.value)}`;
  const sure = `95 % sure that the change is between ${signed(metric, sign * (sign === 1 ? difference.lower : difference.upper))} and ${signed(metric, sign * (sign === 1 ? difference.upper : difference.lower))}`;
  const missing = verdict === 'insufficient' ? rowsMissing(difference, benefit - margin, level) : undefined;
  return {
    rule,
    verdict,
    sentence: `${seen}: ${conclusion(rule, metric, benefit, champion.value, verdict, worse)} (${sure}).${missing?.rows === undefined ? '' : ` About ${showCount(missing.rows)} more rows would decide it.`}`,
    ...(missing === undefined ? {} : { need: missing }),
    tests: [{ place: 'overall', n: difference.n, verdict, benefit, pValue: better }],
    notes: [],
  };
}

function conclusion(
  rule: SuperiorRule | NonInferiorRule,
  metric: Metric,
  benefit: number,
  before: number,
  verdict: Verdict,
  worse: number,
): string {
  const share = metric.unit === 'number' && before > 0 ? ` (${((100 * Math.abs(benefit)) / before).toFixed(1)} %)` : '';
  const size = showAmount(metric, benefit) + share;
  const better = benefit > 0 ? `better by ${size}` : benefit < 0 ? `worse by ${size}` : 'the same';
  if (rule.rule === 'superior') {
    if (verdict === 'pass') return `${better}, more than chance explains`;
    return verdict === 'fail'
      ? `${better}, and chance would show that ${showChance(worse)}`
      : `${better}, which chance alone could show`;
  }
  const margin = showAmount(metric, rule.margin);
  if (verdict === 'pass') return `${better}; a loss of ${margin} is ruled out`;
  return verdict === 'fail'
    ? `${better}, more than the ${margin} that are allowed`
    : `${better}; a loss of ${margin} is not ruled out`;
}

function signed(metric: Metric, value: number): string {
  return `${value < 0 ? '−' : '+'}${showAmount(metric, value)}`;
}

function undecided(rule: GateRule, group: Group, metric: Metric, why: string): RuleResult {
  return {
    rule,
    verdict: 'insufficient',
    sentence: `The ${metric.label} cannot be compared ${showPlace(group)}: ${why}.`,
    need: { what: why },
    tests: [{ place: showPlace(group), n: group.n, verdict: 'insufficient', undefinedWhy: why }],
    notes: [],
  };
}
