import { digestJson } from '../foundation/digest.js';
import { invalidInput } from '../foundation/errors.js';
import type { Table } from '../table/types.js';
import { blocksOf } from './blocks.js';
import { type MaskOf, maskOf } from './condition.js';
import type { ColumnSchema, ValidationContext } from './context.js';
import { judge } from './judge.js';
import { type PlannedCheck, planChecks } from './plan.js';
import { reportOf } from './report.js';
import type { CheckState } from './state.js';
import type { Condition, Expectation, ValidationReport } from './types.js';

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

/** Checks a table that comes in parts: from a stream, from workers, from shards. Later parts have the columns of the first. */
export interface Validator {
  /** Rows that follow those observed so far. @throws `validation/plan`; `input/invalid` for a part with other columns */
  observe(part: Table): Validator;
  /** What has been found so far as plain data (structured clone), for a worker to post to whoever merges. */
  part(): ValidatorPart;
  /** Takes in a validator of the same suite, or its part, whose rows follow these. @throws `input/invalid` for another suite or schema */
  merge(later: Validator | ValidatorPart): Validator;
  /** What has been found so far. More may follow. @throws `input/invalid` when nothing was observed */
  report(): ValidationReport;
}

/** What a validator found in part of a table. */
export interface ValidatorPart {
  readonly suite: string;
  /** Undefined when nothing was observed. */
  readonly schema: readonly ColumnSchema[] | undefined;
  readonly rows: number;
  readonly states: readonly unknown[];
}

/** A validator of parts; the first of them, or of what is merged, settles the columns. */
export function createValidator(expectations: readonly Expectation[], context: ValidationContext = {}): Validator {
  const suite = digestJson(expectations);
  let run: Run | undefined;
  const runOn = (schema: readonly ColumnSchema[]): Run => {
    run ??= start(schema, expectations, context);
    const [first, now] = [describeSchema(run.schema), describeSchema(schema)];
    if (first !== now) throw invalidInput('part', `a table with the columns of the first part (${first})`, now);
    return run;
  };
  const validator: Validator = {
    observe(table) {
      observe(runOn([...table.columns.values()]), table);
      return validator;
    },
    part: () => ({
      suite,
      schema: run?.schema,
      rows: run?.rows ?? 0,
      states: run?.states.map((state) => state.part()) ?? [],
    }),
    merge(later) {
      const part = 'states' in later ? later : later.part();
      if (part.suite !== suite) throw invalidInput('later', 'a validator of the same suite', part.suite);
      if (part.schema === undefined) return validator;
      const into = runOn(part.schema);
      for (const [i, state] of into.states.entries()) state.merge(part.states[i], into.rows);
      into.rows += part.rows;
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
  readonly schema: readonly ColumnSchema[];
  readonly checks: readonly PlannedCheck[];
  readonly states: readonly CheckState[];
  readonly columns: readonly string[];
  /** Each condition once, however many expectations share it. */
  readonly wheres: ReadonlyMap<Condition, MaskOf>;
  rows: number;
}

function start(
  columns: readonly ColumnSchema[],
  expectations: readonly Expectation[],
  context: ValidationContext,
): Run {
  const schema = columns.map(({ name, type, unitsPerMs }) => ({ name, type, unitsPerMs }));
  const checks = planChecks(new Map(schema.map((column) => [column.name, column])), expectations, context);
  const read = [...new Set(checks.flatMap((check) => check.columns))];
  const wheres = new Map<Condition, MaskOf>();
  for (const { where } of expectations) if (where) wheres.set(where, maskOf(where));
  return { schema, checks, states: checks.map((c) => c.start()), columns: read, wheres, rows: 0 };
}

function observe(run: Run, table: Table): void {
  for (const state of run.states) state.table?.(table);
  for (const block of blocksOf(table, run.columns, run.rows)) {
    const masks = new Map<Condition, Uint8Array>();
    for (const [where, mask] of run.wheres) masks.set(where, mask(block));
    for (let c = 0; c < run.checks.length; c++) {
      const { where } = run.checks[c]!.expectation;
      run.states[c]!.block?.(block, where && masks.get(where));
    }
  }
  run.rows += table.rowCount;
}

function describeSchema(schema: readonly ColumnSchema[]): string {
  return schema.map((c) => `${c.name}: ${c.type}`).join(', ');
}
