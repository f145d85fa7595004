import type { Need, Verdict } from '@millwright/core';
import { clopperPearson } from '@millwright/core/statistics';
import type { EvaluationReport } from '../compare/report.js';
import { type Finding, findingOf, open } from '../findings/finding.js';
import type { LoadReport } from '../findings/load-test.js';
import type { CostRule, LatencyRule } from '../gate/policy.js';
import type { RuleResult } from '../gate/verdict.js';
import { showCount, showValue } from '../report/sentence.js';

/** Latency of a share of requests, by the interval of its order statistic; failed requests were never answered. */
export function judgeLatency(
  { challenger }: EvaluationReport,
  rule: LatencyRule,
  findings: readonly Finding[],
): RuleResult {
  const load = findingOf(findings, 'millwright.load@1', challenger);
  if (typeof load === 'string') return open(rule, load);
  const failures = judgeFailures(load, rule.maxFailures ?? 0);
  const found = load.latency.find(({ quantile }) => quantile === rule.quantile);
  if (found === undefined)
    return open(rule, `The load test has no latency for ${rule.quantile}: name it in its \`quantiles\`.`);
  const { ms, lowerMs, upperMs } = found;
  const late = lowerMs === undefined || lowerMs > rule.maxMs;
  const verdict: Verdict =
    failures === 'fail' || late
      ? 'fail'
      : failures === 'pass' && upperMs !== undefined && upperMs <= rule.maxMs
        ? 'pass'
        : 'insufficient';
  const range = `95 % between ${lowerMs === undefined ? 'never' : showMs(lowerMs)} and ${upperMs === undefined ? 'unknown' : showMs(upperMs)}`;
  const failed = load.failed > 0 ? ` ${showCount(load.failed)} failed (${Object.keys(load.failures).join(', ')}).` : '';
  return {
    rule,
    verdict,
    sentence: `Of ${showCount(load.requests)} requests at ${load.ratePerSecond} per second, ${Number((100 * rule.quantile).toPrecision(6))} % were answered within ${ms === undefined ? 'no time' : showMs(ms)} (${range}); at most ${showMs(rule.maxMs)} is asked for.${failed}`,
    ...(verdict === 'insufficient' ? { need: moreRequests(load, rule.quantile) } : {}),
    tests: [],
    notes: [`Measured on: ${load.environment}.`],
  };
}

/** Mean cost of an answer, by its interval. */
export function judgeCost({ challenger }: EvaluationReport, rule: CostRule, findings: readonly Finding[]): RuleResult {
  const load = findingOf(findings, 'millwright.load@1', challenger);
  if (typeof load === 'string') return open(rule, load);
  const { cost } = load;
  if (cost === undefined || !Number.isFinite(cost.mean))
    return open(rule, 'The load test has no costs: give it `costOf`.');
  const { lower, upper } = cost.interval ?? { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
  const verdict: Verdict = upper <= rule.maxPerRequest ? 'pass' : lower > rule.maxPerRequest ? 'fail' : 'insufficient';
  const show = (value: number) => showValue({ unit: 'number' }, value);
  return {
    rule,
    verdict,
    sentence: `An answer costs ${show(cost.mean)} on average of ${showCount(cost.n)}${cost.interval === undefined ? '' : ` (95 % between ${show(lower)} and ${show(upper)})`}; at most ${show(rule.maxPerRequest)} is asked for.`,
    ...(verdict === 'insufficient' ? { need: { what: 'more requests with costs' } } : {}),
    tests: [],
    notes: [],
  };
}

function judgeFailures({ failed, requests }: LoadReport, allowed: number): Verdict {
  if (failed === 0) return 'pass';
  const { lower, upper } = clopperPearson({ count: failed, n: requests });
  if (allowed === 0 || lower > allowed) return 'fail';
  return upper <= allowed ? 'pass' : 'insufficient';
}

/** Enough for an upper bound to exist, at least twice as many as now. */
function moreRequests({ requests }: LoadReport, quantile: number): Need {
  return { rows: Math.max(requests, Math.ceil(Math.log(0.025) / Math.log(quantile)) - requests) };
}

function showMs(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}
