import type { Verdict } from '@millwright/core';
import { pAbove, pBelow } from '../compare/paired.js';
import type { EvaluationReport } from '../compare/report.js';
import { type Finding, findingOf, open } from '../findings/finding.js';
import type { PreferredRule } from '../gate/policy.js';
import type { RuleResult } from '../gate/verdict.js';
import type { Measure } from '../metrics/measure.js';
import { showCount, showValue } from '../report/sentence.js';

/** A judge prefers the challenger, and the judge is one to listen to. */
export function judgePreferred(
  report: EvaluationReport,
  rule: PreferredRule,
  alpha: number,
  findings: readonly Finding[],
): RuleResult {
  const found = findingOf(findings, 'millwright.judge@1', report.challenger);
  if (typeof found === 'string') return open(rule, found);
  const { pairs, difference, consistency, anchors, judge } = found;
  const n = Object.values(pairs).reduce((sum, count) => sum + count, 0);
  if (rule.judge !== undefined && rule.judge !== judge.digest)
    return open(rule, `The judge is ${judge.digest}, not the one that the policy names.`);
  if (found.champion !== report.champion)
    return open(rule, `The judgement is against ${found.champion}, not against ${report.champion}.`);
  if (difference === undefined || n < report.minSupport)
    return open(
      rule,
      `${showCount(n)} pairs were judged, fewer than the ${showCount(report.minSupport)} that are needed.`,
      {
        rows: report.minSupport - n,
      },
    );
  const share = (value: number) => showValue({ unit: 'share' }, value);
  const doubts = [
    ...(pairs.undecided > (rule.maxUndecided ?? 0) * n
      ? [`The judge failed or could not be read for ${showCount(pairs.undecided)} of ${showCount(n)} pairs.`]
      : []),
    ...doubt('The judge says the same in both orders for', consistency, rule.minConsistency, share),
    ...doubt('The judge agrees with the anchors for', anchors, rule.minAnchorAgreement, share),
  ];
  const margin = rule.atLeast ?? 0;
  const verdict: Verdict =
    doubts.length > 0
      ? 'insufficient'
      : pAbove(difference, margin, 1) <= alpha
        ? 'pass'
        : pBelow(difference, Math.min(0, margin), 1) <= alpha
          ? 'fail'
          : 'insufficient';
  return {
    rule,
    verdict,
    sentence:
      doubts[0] ??
      `Of ${showCount(n)} pairs the judge prefers ${report.challenger} in ${showCount(pairs.challenger)} and ${report.champion} in ${showCount(pairs.champion)}; ${showCount(pairs.tie + pairs.inconsistent)} are open. That is ${share(difference.value)} of pairs won more than lost (95 % between ${share(difference.lower)} and ${share(difference.upper)}); more than ${share(margin)} is asked for.`,
    ...(verdict === 'insufficient'
      ? { need: { what: doubts.length > 0 ? 'a judge that can be relied on' : 'more pairs' } }
      : {}),
    tests: [{ place: 'pairs', n, verdict, benefit: difference.value, pValue: pAbove(difference, margin, 1) }],
    notes: doubts.slice(1),
  };
}

function doubt(
  what: string,
  { value, n, undefinedWhy }: Measure,
  least: number | undefined,
  share: (value: number) => string,
): string[] {
  if (least === undefined || (value !== undefined && value >= least)) return [];
  if (value === undefined) return [`${what} nobody knows how many: ${undefinedWhy}.`];
  return [`${what} ${share(value)} of ${showCount(n)} only; ${share(least)} is asked for.`];
}
