import type { Verdict } from '@millwright/core';
import { holm } from '@millwright/core/statistics';
import { pAbove, pBelow } from '../compare/paired.js';
import type { EvaluationReport } from '../compare/report.js';
import { type Finding, findingOf, open } from '../findings/finding.js';
import type { PerturbationResult } from '../findings/robustness.js';
import type { RobustRule } from '../gate/policy.js';
import type { RuleResult } from '../gate/verdict.js';
import { showCount, showValue } from '../report/sentence.js';

/** Perturbed inputs cost less than `maxLoss`, proved for each perturbation; failures are harm, with Holm over all of them. */
export function judgeRobust(
  report: EvaluationReport,
  rule: RobustRule,
  alpha: number,
  findings: readonly Finding[],
): RuleResult {
  const found = findingOf(findings, 'millwright.robustness@1', report.challenger);
  if (typeof found === 'string') return open(rule, found);
  if (found.failed > 0) return open(rule, `${showCount(found.failed)} inputs fail without any perturbation.`);
  const names = rule.to ?? found.perturbations.map(({ name }) => name);
  const chosen = names.flatMap((name) => found.perturbations.filter((p) => p.name === name));
  const missing = names.filter((name) => !found.perturbations.some((p) => p.name === name));
  if (missing.length > 0 || chosen.length === 0)
    return open(rule, missing.length > 0 ? `Not tested: ${missing.join(', ')}.` : 'No perturbation was tested.');
  const harm = holm(
    chosen.map(({ difference }) => (difference === undefined ? 1 : pBelow(difference, -rule.maxLoss, 1))),
  );
  const verdicts = chosen.map((result, i) => verdictOf(result, rule, alpha, harm[i]!, report.minSupport));
  const at = [verdicts.indexOf('fail'), verdicts.indexOf('insufficient'), 0].find((i) => i >= 0)!;
  const verdict = verdicts[at]!;
  return {
    rule,
    verdict,
    sentence:
      verdict === 'pass' ? `${report.challenger} withstands ${names.join(', ')}.` : sentenceOf(chosen[at]!, rule),
    ...(verdict === 'insufficient' ? { need: { what: `more rows for ${chosen[at]!.name}` } } : {}),
    tests: chosen.map(({ name, n, difference }, i) => ({
      place: name,
      n,
      verdict: verdicts[i]!,
      ...(difference === undefined ? {} : { benefit: difference.value, pValue: pAbove(difference, -rule.maxLoss, 1) }),
    })),
    notes: chosen.filter((_, i) => i !== at || verdict === 'pass').map((result) => sentenceOf(result, rule)),
  };
}

function verdictOf(
  { n, failed, unchanged, difference }: PerturbationResult,
  { maxLoss }: RobustRule,
  alpha: number,
  harm: number,
  minSupport: number,
): Verdict {
  if (failed > 0) return 'fail';
  if (difference === undefined || n < minSupport) return 'insufficient';
  if (harm <= alpha) return 'fail';
  // Answers that never change have no variance to test with, and nothing to fear.
  return unchanged || pAbove(difference, -maxLoss, 1) <= alpha ? 'pass' : 'insufficient';
}

function sentenceOf(
  { name, n, failed, unchanged, plain, perturbed, difference }: PerturbationResult,
  { maxLoss }: RobustRule,
): string {
  if (failed > 0) return `With ${name} it gives no answer for ${showCount(failed)} inputs.`;
  if (plain.value === undefined || perturbed.value === undefined) return `With ${name} there is no row to compare.`;
  if (unchanged) return `With ${name} no answer of ${showCount(n)} gets better or worse.`;
  const show = (value: number) => showValue({ unit: 'number' }, value);
  const range =
    difference === undefined ? '' : ` (change 95 % between ${show(difference.lower)} and ${show(difference.upper)})`;
  return `With ${name} the benefit goes from ${show(plain.value)} to ${show(perturbed.value)} on ${showCount(n)} rows${range}; a loss of up to ${show(maxLoss)} is allowed.`;
}
