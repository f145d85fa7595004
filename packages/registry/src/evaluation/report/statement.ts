import { type Digest, hexOf } from '@millwright/core';
import { type InTotoStatement, STATEMENT_TYPE } from '@millwright/core/attestation';
import type { EvaluationReport } from '../compare/report.js';
import type { GateVerdict, RuleResult } from '../gate/verdict.js';
import { metricFor } from '../metrics/catalogue.js';

export type { InTotoStatement };

/** What was evaluated, by whom and when, for a signed statement. */
export interface StatementOptions {
  /** The artifact that was evaluated. */
  readonly subject: { readonly name: string; readonly digest: Digest };
  /** Who ran it: a URI. */
  readonly verifier: string;
  /** Milliseconds since the epoch. */
  readonly evaluatedAtMs: number;
}

/** The draft that this follows (in-toto/attestation, spec/predicates). Drafts move: readers must look at it. */
export const EVAL_RESULT_TYPE = 'https://in-toto.io/attestation/eval-result/v0.1';

/**
 * A gate's verdict as an in-toto `eval-result` statement. Thresholds and values are decimal strings; every rule is a
 * claim, passed only when it passed. Report, policy and verdict are named by digest.
 */
export function toStatement(
  report: EvaluationReport,
  verdict: GateVerdict,
  options: StatementOptions,
): InTotoStatement {
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: options.subject.name, digest: { sha256: hexOf(options.subject.digest) } }],
    predicateType: EVAL_RESULT_TYPE,
    predicate: {
      verifier: { id: options.verifier },
      evaluatedAt: new Date(options.evaluatedAtMs).toISOString(),
      suite: { name: verdict.schema, version: verdict.policyDigest },
      claims: verdict.rules.flatMap((result) => claim(report, result)),
      sampleSize: report.rows.considered,
      commitments: {
        model: { alg: 'sha256', value: hexOf(options.subject.digest), salted: false },
        dataset: { alg: 'sha256', value: hexOf(report.inputs['truth']!), salted: false },
      },
      decision: verdict.decision,
      digests: { report: report.digest, policy: verdict.policyDigest, verdict: verdict.digest },
    },
  };
}

function claim(report: EvaluationReport, { rule, verdict }: RuleResult): readonly Readonly<Record<string, unknown>>[] {
  const passed = verdict === 'pass';
  const id = (name: string | undefined) => metricFor(report.task, name ?? report.primary).id;
  switch (rule.rule) {
    case 'rows':
      return [];
    case 'atLeast':
    case 'atMost':
      return [
        {
          metric: id(rule.metric),
          comparator: rule.rule === 'atLeast' ? '>=' : '<=',
          threshold: String(rule.value),
          passed,
        },
      ];
    case 'superior':
      return [{ metric: `${id(rule.metric)}#benefit`, comparator: '>', threshold: String(rule.margin ?? 0), passed }];
    case 'nonInferior':
      return [{ metric: `${id(rule.metric)}#benefit`, comparator: '>', threshold: String(-rule.margin), passed }];
    case 'noHarm':
      return [
        {
          metric: `${id(rule.metric)}#slice-benefit`,
          comparator: '>=',
          threshold: String(-(rule.margin ?? 0)),
          passed,
        },
      ];
    case 'fair':
      return [
        {
          metric: `${id(rule.metric ?? 'recall')}#by-${rule.slice}`,
          comparator: rule.maxDifference === undefined ? '>=' : '<=',
          threshold: String(rule.maxDifference ?? rule.minRatio),
          passed,
        },
      ];
    case 'latency':
      return [
        { metric: `millwright.latency-ms.${rule.quantile}@1`, comparator: '<=', threshold: String(rule.maxMs), passed },
      ];
    case 'cost':
      return [
        { metric: 'millwright.cost-per-request@1', comparator: '<=', threshold: String(rule.maxPerRequest), passed },
      ];
    case 'contract':
      return [{ metric: 'millwright.contract-faults@1', comparator: '<=', threshold: '0', passed }];
    case 'robust':
      return [{ metric: 'millwright.perturbation-loss@1', comparator: '<=', threshold: String(rule.maxLoss), passed }];
    case 'preferred':
      return [{ metric: 'millwright.net-preference@1', comparator: '>', threshold: String(rule.atLeast ?? 0), passed }];
    case 'baseline':
      return [
        { metric: `${id(rule.metric)}#baseline-loss`, comparator: '<=', threshold: String(rule.maxLoss ?? 0), passed },
      ];
    default:
      return rule satisfies never;
  }
}
