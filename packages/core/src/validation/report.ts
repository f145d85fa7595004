import { digestJson } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { allOf } from '../foundation/verdict.js';
import type { ExpectationOutcome, ReportBody, ValidationReport } from './types.js';

/** A report from its parts: verdict, digest and the ways to read it. */
export function reportOf(parts: Pick<ReportBody, 'rows' | 'suite' | 'reference' | 'outcomes'>): ValidationReport {
  const { rows, suite, reference, outcomes } = parts;
  const body: ReportBody = {
    format: 'millwright.validation/1',
    verdict: allOf(outcomes.filter(isBinding).map((o) => o.verdict)),
    rows,
    suite,
    ...(reference && { reference }),
    outcomes,
  };
  const digest = digestJson(body);
  const failures = outcomes.filter((o) => o.verdict !== 'pass');
  const report: ValidationReport = {
    ...body,
    digest,
    failures,
    orThrow() {
      if (body.verdict === 'pass') return report;
      const binding = failures.filter(isBinding);
      const failed = binding.filter((o) => o.verdict === 'fail').map((o) => o.expectation.id);
      const undecided = binding.filter((o) => o.verdict === 'insufficient').map((o) => o.expectation.id);
      const why = binding.slice(0, 5).map((o) => o.sentence);
      const more = binding.length > 5 ? ` And ${binding.length - 5} more.` : '';
      throw new MillwrightError(
        'validation/failed',
        why.length === 0 ? 'Nothing was checked: the suite has no binding expectation.' : `${why.join(' ')}${more}`,
        { details: { failed, undecided } },
      );
    },
    toJSON: () => ({ ...body, digest }),
  };
  return report;
}

/** A report read back from JSON. The digest is computed anew, so a changed document does not keep its name. */
export function readReport(json: ReportBody): ValidationReport {
  return reportOf(json);
}

function isBinding(outcome: ExpectationOutcome): boolean {
  return outcome.expectation.severity !== 'warning';
}
