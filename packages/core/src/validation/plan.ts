import { MillwrightError } from '../foundation/errors.js';
import { bind, type Settled } from './bind.js';
import { columnsOfCondition } from './condition.js';
import type { Schema, Stated, ValidationContext } from './context.js';
import type { CheckState } from './state.js';
import type { CheckKind, Condition, Expectation } from './types.js';

/** An expectation that is known to fit the schema. */
export interface PlannedCheck {
  readonly expectation: Expectation;
  /** The columns that it reads, those of `where` included. */
  readonly columns: readonly string[];
  start(): CheckState;
  /** What the schema alone decides. */
  readonly settled?: Settled | undefined;
}

export interface PlanProblem {
  readonly expectation: string;
  readonly reason: string;
}

/**
 * Binds expectations to a schema, before any row is read.
 *
 * A column that is missing or has another type is the data's failure where the suite itself states the structure (by
 * `type` or `columns`): that expectation fails and those that depend on it are `insufficient`. Elsewhere it is a mistake
 * in the suite.
 *
 * @throws `validation/plan` with every mistake
 */
export function planChecks(
  schema: Schema,
  expectations: readonly Expectation[],
  context: ValidationContext,
): readonly PlannedCheck[] {
  const problems: PlanProblem[] = [];
  const seen = new Set<string>();
  const stated = statedColumns(expectations);
  const checks: PlannedCheck[] = [];
  for (const expectation of expectations) {
    const { id } = expectation;
    const report = (reason: string) => problems.push({ expectation: id, reason });
    if (seen.has(id)) report('another expectation has the same id; give one of them an `id`');
    seen.add(id);
    checkRule(expectation, schema, report);
    const bound = bind(expectation, schema, stated, context);
    if ('problem' in bound) report(bound.problem);
    else {
      const where = expectation.where === undefined ? [] : columnsOfCondition(expectation.where);
      const { columns, start, settled } = bound;
      checks.push({ expectation, columns: [...columns, ...where], start, settled });
    }
  }
  if (problems.length > 0) throw planError(problems);
  return checks;
}

function statedColumns(expectations: readonly Expectation[]): Stated {
  const types = new Set<string>();
  const present = new Set<string>();
  for (const e of expectations) {
    if (e.kind === 'type') types.add(e.column);
    if (e.kind === 'columns') for (const name of e.names) present.add(name);
  }
  for (const name of types) present.add(name);
  return { types, present };
}

/** Checks with one answer for the whole table. */
const OF_WHOLE: ReadonlySet<CheckKind> = new Set(['rowCount', 'columns', 'fresh', 'distribution', 'metric', 'version']);

function checkRule(expectation: Expectation, schema: Schema, report: (reason: string) => void): void {
  const { mostly, where } = expectation;
  if (mostly !== undefined && !(mostly >= 0 && mostly <= 1))
    report(`\`mostly\` is a share from 0 to 1, got ${mostly}; 0.98 means 98 %`);
  if (mostly !== undefined && OF_WHOLE.has(expectation.kind))
    report(`\`mostly\` has no meaning for \`${expectation.kind}\`, which is not judged by rows`);
  if (where === undefined) return;
  if (['distribution', 'columns', 'type', 'version'].includes(expectation.kind))
    report(`\`where\` has no meaning for \`${expectation.kind}\``);
  checkCondition(where, schema, report);
}

function checkCondition(condition: Condition, schema: Schema, report: (reason: string) => void): void {
  if ('all' in condition || 'any' in condition) {
    for (const part of 'all' in condition ? condition.all : condition.any) checkCondition(part, schema, report);
  } else if ('not' in condition) checkCondition(condition.not, schema, report);
  else {
    const column = schema.get(condition.column);
    if (column === undefined) report(`\`where\` names the column \`${condition.column}\`, which is not there`);
    else if (['list', 'decimal', 'other'].includes(column.type))
      report(`\`where\` cannot compare \`${condition.column}\` (${column.type})`);
  }
}

function planError(problems: readonly PlanProblem[]): MillwrightError<'validation/plan'> {
  const list = problems.map((p) => `\`${p.expectation}\`: ${p.reason}`).join('; ');
  return new MillwrightError('validation/plan', `The suite does not fit the table. ${list}.`, {
    details: { problems },
  });
}
