import { digestJson } from '../foundation/digest.js';
import { invalidInput } from '../foundation/errors.js';
import type { Table } from '../table/types.js';
import { blocksOf } from './blocks.js';
import { maskOf } from './condition.js';
import { judge } from './judge.js';
import { type PlannedCheck, planChecks, type ValidationContext } from './plan.js';
import { reportOf } from './report.js';
import type { CheckState } from './state.js';
import type { Expectation, ValidationReport } from './types.js';

/**
 * Checks a table. Configuration errors are found against the schema before a row is read; every failure is counted and
 * the first failing rows are listed.
 *
 * @throws `validation/plan` when the suite does not fit the table
 * @example
 * const report = validate(table, [...contract.expectations, expect.rowCount({ min: 1 })]);
 * report.orThrow();
 */
export function validate(
  table: Table,
  expectations: readonly Expectation[],
  context: ValidationContext = {},
): ValidationReport {
  return createValidator(expectations, context).observe(table).report();
}

/** Checks a table that comes in parts: from a stream, from workers, from shards. */
export interface Validator {
  /** Rows that follow those observed so far. @throws `validation/plan` when the columns are not those of the first part */
  observe(part: Table): Validator;
  /** Takes in a validator of the same suite whose rows follow these. */
  merge(later: Validator): Validator;
  /** What has been found so far. More may follow. @throws `input/invalid` when nothing was observed */
  report(): ValidationReport;
}

export function createValidator(expectations: readonly Expectation[], context: ValidationContext = {}): Validator {
  const suite = digestJson(expectations);
  let run: Run | undefined;
  const validator: Validator & { run(): Run | undefined; readonly suite: string } = {
    suite,
    run: () => run,
    observe(part) {
      run ??= start(part, expectations, context);
      // Binding again is cheap and refuses a part whose schema differs in a way that matters.
      if (run.rows > 0 && !sameSchema(run, part)) {
        const now = describeSchema(part);
        throw invalidInput('part', `a table with the columns of the first part (${run.schema})`, now);
      }
      observe(run, part);
      return validator;
    },
    merge(later) {
      const other = later as typeof validator;
      if (other.suite !== suite) throw invalidInput('later', 'a validator of the same suite', other.suite);
      const theirs = other.run();
      if (theirs === undefined) return validator;
      if (run === undefined) run = theirs;
      else {
        if (run.schema !== theirs.schema)
          throw invalidInput('later', `a validator of a table with the columns ${run.schema}`, theirs.schema);
        for (const [i, state] of run.states.entries()) state.merge(theirs.states[i]!, run.rows);
        run.rows += theirs.rows;
      }
      return validator;
    },
    report() {
      if (run === undefined) throw invalidInput('table', 'observed before it is reported on', undefined);
      const { checks, states, rows } = run;
      const outcomes = checks.map(({ expectation }, i) => judge(expectation, states[i]!.finish()));
      return reportOf({ rows, suite, reference: context.reference?.digest, outcomes });
    },
  };
  return validator;
}

interface Run {
  readonly schema: string;
  readonly checks: readonly PlannedCheck[];
  readonly states: readonly CheckState[];
  readonly columns: readonly string[];
  rows: number;
}

function start(table: Table, expectations: readonly Expectation[], context: ValidationContext): Run {
  const checks = planChecks(table.columns, expectations, context);
  const columns = [...new Set(checks.flatMap((check) => check.columns))];
  return { schema: describeSchema(table), checks, states: checks.map((c) => c.start()), columns, rows: 0 };
}

function observe(run: Run, table: Table): void {
  const wheres = [...new Set(run.checks.map((c) => c.expectation.where).filter((w) => w !== undefined))];
  for (const state of run.states) state.table?.(table);
  for (const block of blocksOf(table, run.columns, run.rows)) {
    const masks = new Map(wheres.map((where) => [where, maskOf(where, block)]));
    for (let c = 0; c < run.checks.length; c++) {
      const { where } = run.checks[c]!.expectation;
      run.states[c]!.block?.(block, where && masks.get(where));
    }
  }
  run.rows += table.rowCount;
}

function sameSchema(run: Run, table: Table): boolean {
  return describeSchema(table) === run.schema;
}

function describeSchema(table: Table): string {
  return [...table.columns.values()].map((c) => `${c.name}: ${c.type}`).join(', ');
}
