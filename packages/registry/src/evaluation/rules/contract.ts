import type { Verdict } from '@millwright/core';
import type { EvaluationReport } from '../compare/report.js';
import { type Finding, findingOf, open } from '../findings/finding.js';
import type { ContractRule } from '../gate/policy.js';
import type { RuleResult } from '../gate/verdict.js';
import { showCount } from '../report/sentence.js';

/** No answer breaks the contract or an invariant, none depends on its neighbours, none is missing. */
export function judgeContract(report: EvaluationReport, rule: ContractRule, findings: readonly Finding[]): RuleResult {
  const found = findingOf(findings, 'millwright.contract-test@1', report.challenger);
  if (typeof found === 'string') return open(rule, found);
  const { checked, invalidInputs, failed, violated, changed, broken, samples } = found;
  const wanted = rule.minChecked ?? report.minSupport;
  const faults = [
    ...(failed > 0 ? [`it threw for ${showCount(failed)}`] : []),
    ...(violated > 0 ? [`${showCount(violated)} answers break the contract`] : []),
    ...(changed > 0 && !rule.allowChanged ? [`${showCount(changed)} get another answer alone than among others`] : []),
    ...Object.entries(broken).flatMap(([name, count]) => (count > 0 ? [`${name} fails for ${showCount(count)}`] : [])),
  ];
  const verdict: Verdict = faults.length > 0 ? 'fail' : checked < wanted ? 'insufficient' : 'pass';
  return {
    rule,
    verdict,
    sentence:
      verdict === 'fail'
        ? `Of ${showCount(checked)} valid inputs, ${faults.join(', ')}.`
        : verdict === 'pass'
          ? `All ${showCount(checked)} answers keep the contract.`
          : `${showCount(checked)} inputs were checked against the contract, fewer than the ${showCount(wanted)} that are needed.`,
    ...(verdict === 'insufficient' ? { need: { rows: wanted - checked } } : {}),
    tests: [],
    notes: [
      ...samples.map(({ row, what }) => `Input ${row}: ${what}.`),
      ...(invalidInputs > 0
        ? [`${showCount(invalidInputs)} inputs break the contract themselves and do not count.`]
        : []),
    ],
  };
}
