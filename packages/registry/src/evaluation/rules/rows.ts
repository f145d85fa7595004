import type { Need, Verdict } from '@millwright/core';
import type { EvaluationReport } from '../compare/report.js';
import type { RuleResult } from '../gate/verdict.js';
import { showCount } from '../report/sentence.js';

/** What every gate checks before its rules: that there are rows, and that both models answered all of them. */
export function judgeRows({ rows, minSupport, champion, challenger }: EvaluationReport): RuleResult {
  const { given, considered, withoutTruth, championInvalid, challengerInvalid, unmatched } = rows;
  const result = (verdict: Verdict, sentence: string, need?: Need): RuleResult => ({
    rule: { rule: 'rows' },
    verdict,
    sentence,
    ...(need === undefined ? {} : { need }),
    tests: [],
    notes: withoutTruth > 0 ? [`${showCount(withoutTruth)} rows have no truth and do not count.`] : [],
  });
  if (unmatched > 0)
    return result(
      'insufficient',
      `${showCount(unmatched)} rows could not be matched between truth, ${champion} and ${challenger}.`,
      {
        what: 'answers of both models for the same rows',
      },
    );
  if (challengerInvalid > 0)
    return result(
      'fail',
      `${challenger} gave no valid answer for ${showCount(challengerInvalid)} of ${showCount(given - withoutTruth)} rows.`,
    );
  if (championInvalid > 0)
    return result(
      'insufficient',
      `${champion} gave no valid answer for ${showCount(championInvalid)} rows, so the comparison is not of the same rows.`,
      {
        what: 'valid answers of the champion',
      },
    );
  if (considered < minSupport)
    return result(
      'insufficient',
      `There are ${showCount(considered)} rows to judge by, fewer than the ${showCount(minSupport)} that are needed.`,
      {
        rows: minSupport - considered,
      },
    );
  return result('pass', `Both models answered all ${showCount(considered)} rows.`);
}
