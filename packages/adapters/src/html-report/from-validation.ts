import type { Expectation, ExpectationOutcome, ReportBody } from '@millwright/core/validation';
import { formatNumber } from './format.js';
import { sixDigits } from './markup.js';
import type { CheckRow, ValidationSection } from './model.js';

/** How a validation is headed in the report. */
export interface ValidationSectionOptions {
  /** What was checked: `june.parquet`. */
  readonly title?: string | undefined;
}

/**
 * The section of a validation: every expectation by its column, those with failures first.
 *
 * @example
 * renderReport({ title: 'June', validations: [validationOf(validate(table, suite), { title: 'flights, June' })] });
 */
export function validationOf(report: ReportBody, { title }: ValidationSectionOptions = {}): ValidationSection {
  const { outcomes, rows, verdict } = report;
  const passed = outcomes.filter((outcome) => outcome.verdict === 'pass').length;
  return {
    title,
    verdict,
    sentence: `${passed} of ${formatNumber(outcomes.length, 'integer')} expectations pass on ${formatNumber(rows, 'integer')} rows.`,
    checks: outcomes.map(checkOf),
  };
}

function checkOf({ expectation, verdict, sentence, samples }: ExpectationOutcome): CheckRow {
  const subject = subjectOf(expectation);
  const shown = samples.slice(0, 5).map(({ row, value }) => `row ${row}: ${JSON.stringify(value, sixDigits)}`);
  return {
    subject,
    verdict,
    sentence: withoutSubject(sentence, subject),
    ...(expectation.severity === 'warning' ? { warning: true } : {}),
    ...(shown.length === 0 ? {} : { samples: shown.join(', ') }),
  };
}

function subjectOf(e: Expectation): string {
  if ('column' in e) return e.column;
  if ('left' in e) return e.left;
  return e.kind === 'unique' ? e.columns.join(' + ') : 'the whole table';
}

/** `\`hour\` is between 0 and 23.` under the heading `hour` need not name it again. */
function withoutSubject(sentence: string, subject: string): string {
  const named = `\`${subject}\` `;
  return sentence.startsWith(named) ? sentence.slice(named.length) : sentence;
}
