import { allOf, digestJson, type Need } from '@millwright/core';
import type { EvaluationReport } from '../compare/report.js';
import type { Finding } from '../findings/finding.js';
import { judgeBaseline } from '../rules/baseline.js';
import { judgeBound } from '../rules/bound.js';
import { judgeContract } from '../rules/contract.js';
import { judgeFair } from '../rules/fair.js';
import { judgeHarm } from '../rules/harm.js';
import { judgeCost, judgeLatency } from '../rules/load.js';
import { judgeOverall } from '../rules/overall.js';
import { judgePreferred } from '../rules/preferred.js';
import { judgeRobust } from '../rules/robust.js';
import { judgeRows } from '../rules/rows.js';
import { type GatePolicy, type GateRule, type NoHarmRule, type ResolvedPolicy, resolvePolicy } from './policy.js';
import type { GateVerdict, RuleResult } from './verdict.js';

/**
 * Decides about a challenger: a pure function of the report, the policy and the findings that its rules ask for. Any failed rule blocks; any rule that the
 * rows cannot settle, and any gap (no rows, an undefined metric, a missing slice or finding), holds; only when every rule passes
 * does it promote. `gate(report)` asks for a better primary metric and for no harm in any slice.
 *
 * @throws `input/invalid` for a policy that is none, or one that names metrics the task does not have
 */
export function gate(report: EvaluationReport, policy?: GatePolicy, findings: readonly Finding[] = []): GateVerdict {
  const resolved = resolvePolicy(policy);
  const rules = [judgeRows(report), ...judgeRules(report, resolved, findings)];
  const verdict = allOf(rules.map((rule) => rule.verdict));
  const decision = verdict === 'pass' ? 'promote' : verdict === 'fail' ? 'block' : 'hold';
  const ordered = [...rules].sort((a, b) => WEIGHT[a.verdict] - WEIGHT[b.verdict]);
  const need = decision === 'hold' ? needOf(rules) : undefined;
  const body = {
    schema: 'millwright.gate-verdict@1' as const,
    kind: 'gate' as const,
    decision,
    verdict,
    sentence: `${LEAD[decision]} ${headline(decision, ordered)}`,
    reasons: ordered.map(({ sentence }) => sentence),
    rules,
    ...(need === undefined ? {} : { need }),
    policy: resolved,
    report: report.digest,
    policyDigest: digestJson(resolved),
    ...(findings.length === 0 ? {} : { findings: findings.map(({ schema, digest }) => ({ schema, digest })) }),
    metrics: [...figures(report), ...loadFigures(report, findings)],
  } satisfies Omit<GateVerdict, 'digest'>;
  return { ...body, digest: digestJson(body) };
}

const LEAD = { promote: 'Promote:', block: 'Block:', hold: 'Hold:' } as const;
const WEIGHT = { fail: 0, insufficient: 1, pass: 2 } as const;

/** The deciding sentence; a promotion is best explained by what the challenger is better at. */
function headline(decision: GateVerdict['decision'], ordered: readonly RuleResult[]): string {
  if (decision !== 'promote') return ordered[0]!.sentence;
  return (ordered.find(({ rule }) => rule.rule === 'superior' || rule.rule === 'nonInferior') ?? ordered.at(-1)!)
    .sentence;
}

function judgeRules(
  report: EvaluationReport,
  { alpha, correction, rules }: ResolvedPolicy,
  findings: readonly Finding[],
): RuleResult[] {
  const harm = rules.filter((rule): rule is NoHarmRule => rule.rule === 'noHarm');
  const harmResults = judgeHarm(report, harm, alpha, correction);
  return rules.map((rule) =>
    rule.rule === 'noHarm' ? harmResults[harm.indexOf(rule)]! : judgeOne(report, rule, alpha, findings),
  );
}

function judgeOne(
  report: EvaluationReport,
  rule: Exclude<GateRule, NoHarmRule>,
  alpha: number,
  findings: readonly Finding[],
): RuleResult {
  switch (rule.rule) {
    case 'superior':
    case 'nonInferior':
      return judgeOverall(report, rule, alpha);
    case 'atLeast':
    case 'atMost':
      return judgeBound(report, rule);
    case 'fair':
      return judgeFair(report, rule, alpha);
    case 'latency':
      return judgeLatency(report, rule, findings);
    case 'cost':
      return judgeCost(report, rule, findings);
    case 'contract':
      return judgeContract(report, rule, findings);
    case 'robust':
      return judgeRobust(report, rule, rule.alpha ?? alpha, findings);
    case 'preferred':
      return judgePreferred(report, rule, rule.alpha ?? alpha, findings);
    case 'baseline':
      return judgeBaseline(report, rule, rule.alpha ?? alpha, findings);
    default:
      return rule satisfies never;
  }
}

/** The largest need: rows where a number is known, else words. */
function needOf(rules: readonly RuleResult[]): Need | undefined {
  const needs = rules.flatMap(({ verdict, need }) => (verdict === 'insufficient' && need !== undefined ? [need] : []));
  const rows = needs.flatMap((need) => (need.rows === undefined ? [] : [need.rows]));
  const what = needs.find((need) => need.what !== undefined)?.what;
  if (rows.length === 0 && what === undefined) return undefined;
  return { ...(rows.length > 0 ? { rows: Math.max(...rows) } : {}), ...(what === undefined ? {} : { what }) };
}

function figures(report: EvaluationReport): GateVerdict['metrics'] {
  const own = report.overall.metrics.flatMap(({ metric, challenger }) =>
    challenger.value === undefined ? [] : [{ metric, value: challenger.value }],
  );
  const sliced = report.slices.flatMap(({ slice, value, metrics }) =>
    metrics.flatMap(({ metric, challenger }) =>
      challenger.value === undefined ? [] : [{ metric, slice: `${slice}=${value}`, value: challenger.value }],
    ),
  );
  return [...own, ...sliced];
}

/** Latencies and cost as figures, for alias policies. */
function loadFigures({ challenger }: EvaluationReport, findings: readonly Finding[]): GateVerdict['metrics'] {
  return findings.flatMap((finding) => {
    if (finding.schema !== 'millwright.load@1' || finding.subject !== challenger) return [];
    const { latency, cost } = finding;
    return [
      ...latency.flatMap(({ quantile, ms }) =>
        ms === undefined ? [] : [{ metric: `latencyMs.${quantile}`, value: ms }],
      ),
      ...(cost === undefined ? [] : [{ metric: 'costPerRequest', value: cost.mean }]),
    ];
  });
}
