import type { Need } from '@millwright/core';
import type { RuleResult } from '../gate/verdict.js';
import type { Baseline } from './baseline.js';
import type { ContractReport } from './contract-test.js';
import type { JudgeReport } from './judge.js';
import type { LoadReport } from './load-test.js';
import type { RobustnessReport } from './robustness.js';

/** What was found out about a challenger besides its metrics. A gate names each by its digest. */
export type Finding = LoadReport | ContractReport | RobustnessReport | JudgeReport | Baseline;

/** What the rules ask for, in words. */
const FINDING_NAMES = {
  'millwright.load@1': 'load test',
  'millwright.contract-test@1': 'contract test',
  'millwright.robustness@1': 'robustness test',
  'millwright.judge@1': 'pairwise judgement',
  'millwright.baseline@1': 'blessed baseline',
} as const satisfies Record<Finding['schema'], string>;

/** The finding of a kind that is about the challenger, or why there is none. */
export function findingOf<S extends Exclude<Finding['schema'], 'millwright.baseline@1'>>(
  findings: readonly Finding[],
  schema: S,
  challenger: string,
): Extract<Finding, { readonly schema: S }> | string {
  const name = FINDING_NAMES[schema];
  const found = findings.filter(
    (finding): finding is Extract<Finding, { readonly schema: S }> => finding.schema === schema,
  );
  const own = found.filter(
    (finding) =>
      ('subject' in finding ? finding.subject : 'challenger' in finding && finding.challenger) === challenger,
  );
  if (own.length === 1) return own[0]!;
  if (own.length > 1) return `There are ${own.length} ${name}s of ${challenger}; the gate takes one.`;
  return found.length === 0 ? `There is no ${name}.` : `The ${name} is not of ${challenger}.`;
}

/** A rule that nothing was found for: the gate stays open. */
export function open(rule: RuleResult['rule'], sentence: string, need: Need = { what: sentence }): RuleResult {
  return { rule, verdict: 'insufficient', sentence, need, tests: [], notes: [] };
}
