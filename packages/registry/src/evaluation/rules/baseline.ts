import type { Verdict } from '@millwright/core';
import { normalQuantile, normalSf } from '@millwright/core/statistics';
import type { EvaluationReport, Group } from '../compare/report.js';
import type { BlessedFigure } from '../findings/baseline.js';
import { type Finding, open } from '../findings/finding.js';
import type { BaselineRule } from '../gate/policy.js';
import type { RuleResult, RuleTest } from '../gate/verdict.js';
import { metricFor } from '../metrics/catalogue.js';
import { isSlice, showAmount, showPlace, showValue } from '../report/sentence.js';
import { lookUp, select } from './look-up.js';

/**
 * The challenger against figures that were blessed. On the same rows any loss beyond `maxLoss` counts, as in a golden file;
 * on other rows only one beyond chance, the two sets of rows being independent.
 */
export function judgeBaseline(
  report: EvaluationReport,
  rule: BaselineRule,
  alpha: number,
  findings: readonly Finding[],
): RuleResult {
  const blessed = findings.filter((finding) => finding.schema === 'millwright.baseline@1');
  const [baseline] = blessed;
  if (baseline === undefined || blessed.length > 1)
    return open(
      rule,
      blessed.length === 0
        ? 'No baseline was blessed: look at the figures and `bless` them.'
        : 'There are several baselines.',
    );
  const metric = metricFor(report.task, rule.metric ?? report.primary);
  const { groups, gaps } =
    rule.slices === undefined ? { groups: [report.overall], gaps: [] as string[] } : select(report, rule.slices);
  const tests: RuleTest[] = [];
  const sentences: string[] = [];
  for (const group of groups) {
    const place = showPlace(group);
    const was = baseline.figures.find(
      ({ id, slice }) => id === metric.id && slice === (isSlice(group) ? place : undefined),
    );
    const { challenger, why } = lookUp(report, group, metric.name);
    if (was === undefined || challenger.value === undefined) {
      gaps.push(
        was === undefined
          ? `The baseline has no ${metric.name} for ${place}: bless it.`
          : `The ${metric.label} is undefined for ${place}: ${why}.`,
      );
      continue;
    }
    const sign = metric.better === 'higher' ? 1 : -1;
    const benefit = sign * (challenger.value - was.value);
    const same = baseline.truth === report.inputs['truth'];
    const { verdict, pValue } = same
      ? { verdict: benefit >= -(rule.maxLoss ?? 0) ? ('pass' as const) : ('fail' as const), pValue: undefined }
      : apart(report, group, was, challenger, benefit + (rule.maxLoss ?? 0), alpha);
    tests.push({ place, n: group.n, verdict, benefit, ...(pValue === undefined ? {} : { pValue }) });
    sentences.push(
      `${isSlice(group) ? `In ${place} the` : 'The'} ${metric.label} of ${report.challenger} is ${showValue(metric, challenger.value)}; ${showValue(metric, was.value)} was blessed by ${baseline.by}${benefit < 0 ? `, better by ${showAmount(metric, benefit)}` : ''}${same ? ' on the same rows' : ''}.`,
    );
  }
  const at = [tests.findIndex((t) => t.verdict === 'fail'), tests.findIndex((t) => t.verdict === 'insufficient')].find(
    (i) => i >= 0,
  );
  const verdict: Verdict =
    at !== undefined && tests[at]!.verdict === 'fail'
      ? 'fail'
      : gaps.length > 0 || at !== undefined || tests.length === 0
        ? 'insufficient'
        : 'pass';
  const sentence =
    verdict === 'insufficient' && gaps[0] !== undefined
      ? gaps[0]
      : (sentences[at ?? 0] ?? 'There was nothing to compare with the baseline.');
  return {
    rule,
    verdict,
    sentence,
    ...(verdict === 'insufficient'
      ? { need: { what: gaps.length > 0 ? 'a baseline with these figures' : 'more rows' } }
      : {}),
    tests,
    notes: [...gaps, `Blessed: ${baseline.reason}`],
  };
}

/** Two values of independent rows, by their standard errors. */
function apart(
  report: EvaluationReport,
  group: Group,
  was: BlessedFigure,
  now: {
    readonly value: number;
    readonly n: number;
    readonly interval?: { readonly lower: number; readonly upper: number };
  },
  slack: number,
  alpha: number,
): { readonly verdict: Verdict; readonly pValue?: number } {
  if (group.n < report.minSupport || now.interval === undefined || was.lower === undefined || was.upper === undefined)
    return { verdict: 'insufficient' };
  const width = (interval: { readonly lower: number; readonly upper: number }) =>
    (interval.upper - interval.lower) / (2 * Z95);
  const error = Math.hypot(width(now.interval), width({ lower: was.lower, upper: was.upper }));
  if (error === 0) return { verdict: slack >= 0 ? 'pass' : 'fail' };
  const pValue = normalSf(-slack / error);
  return { verdict: pValue <= alpha ? 'fail' : 'pass', pValue };
}

const Z95 = normalQuantile(0.975);
