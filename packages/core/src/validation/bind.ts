import { MillwrightError } from '../foundation/errors.js';
import type { Verdict } from '../foundation/verdict.js';
import type { Table } from '../table/types.js';
import { isValid } from '../table/validity.js';
import { blocksOf } from './blocks.js';
import { MAX_KEYS } from './checks/keys.js';
import { compareState, increasingState } from './checks/rows.js';
import { freshState, rowCountState, schemaState } from './checks/table.js';
import { uniqueState } from './checks/unique.js';
import { presenceState, settledState, valueState } from './checks/values.js';
import type { ColumnSchema, Schema, Stated, ValidationContext } from './context.js';
import { FAMILIES, type Family, familyOf, LOGICAL, mismatch } from './family.js';
import { badParameters } from './parameters.js';
import { readerOf, type SlotValue } from './slots.js';
import type { CheckState } from './state.js';
import type { Check, Expectation } from './types.js';
import { memberTest, valueTest } from './value-test.js';

export type Bound =
  | { readonly problem: string }
  | { readonly columns: readonly string[]; readonly start: () => CheckState; readonly settled?: Settled | undefined };

/** A check whose outcome follows from the schema: for the table as a whole, or for every value of a column. */
export type Settled =
  | { readonly by: 'schema' }
  | { readonly by: 'type'; readonly column: string; readonly fails: boolean };

/** Fits one expectation to a schema: the state that checks it, or what is wrong with it. */
export function bind(expectation: Expectation, schema: Schema, stated: Stated, context: ValidationContext): Bound {
  // A suite may come from somewhere else.
  if (!Object.hasOwn(FAMILIES, expectation.kind)) return { problem: `there is no check \`${expectation.kind}\`` };
  const needed = columnsOf(expectation);
  const missing = needed.find((name) => !schema.has(name));
  if (missing !== undefined) return bindMissing(expectation, missing, schema, stated);
  const columns = needed.map((name) => schema.get(name)!);
  const families = columns.map((column) => familyOf(column.type));
  const wrong = mismatch(expectation, columns, families);
  if (wrong !== undefined) {
    if (!needed.every((name) => stated.types.has(name))) return { problem: wrong };
    return bySchema('insufficient', wrong);
  }
  const unsupported = columns.find((column) => familyOf(column.type) === 'other');
  if (unsupported && !['notNull', 'type', 'row'].includes(expectation.kind))
    return byType(needed, unsupported, 'unsupported', context);
  const parameters = badParameters(expectation, columns[0], families[0]);
  if (parameters !== undefined) return { problem: parameters };
  return bindCheck(expectation, columns, families, schema, context);
}

function columnsOf(check: Check): readonly string[] {
  switch (check.kind) {
    case 'rowCount':
    case 'columns':
      return [];
    case 'unique':
      return check.columns;
    case 'row':
      return check.columns ?? [];
    case 'version':
      return [];
    case 'compare':
      return [check.left, check.right];
    default:
      return [check.column];
  }
}

function bindMissing(expectation: Expectation, missing: string, schema: Schema, stated: Stated): Bound {
  const reason = `the column \`${missing}\` is not there`;
  if (expectation.ifPresent) return bySchema('pass', `${reason}, which is allowed`);
  if (expectation.kind === 'type') return bySchema('fail', reason);
  if (stated.present.has(missing)) return bySchema('insufficient', reason);
  const names = [...schema.keys()].slice(0, 20).join(', ');
  return { problem: `${reason}; the table has: ${names || 'no columns'}` };
}

function bySchema(verdict: Verdict, ...reasons: readonly string[]): Bound {
  return { columns: [], start: () => schemaState(verdict, reasons), settled: { by: 'schema' } };
}

function byType(
  columns: readonly string[],
  column: ColumnSchema,
  outcome: 'pass' | 'fail' | 'unsupported',
  { samples = {} }: ValidationContext,
): Bound {
  const settled = { by: 'type', column: column.name, fails: outcome === 'fail' } as const;
  return { columns, start: () => settledState(column, outcome, samples), settled };
}

function bindCheck(
  expectation: Expectation,
  columns: readonly ColumnSchema[],
  families: readonly Family[],
  schema: Schema,
  context: ValidationContext,
): Bound {
  const samples = context.samples ?? {};
  const [first] = columns;
  const read =
    expectation.kind === 'row' && !expectation.columns ? [...schema.keys()] : columns.map(({ name }) => name);
  const using = (start: () => CheckState): Bound => ({ columns: read, start });
  const from = (bound: string | (() => CheckState)) => (typeof bound === 'string' ? { problem: bound } : using(bound));
  switch (expectation.kind) {
    case 'notNull':
      return using(() => presenceState(first!.name, samples));
    case 'notNaN':
    case 'finite':
    case 'between':
    case 'in':
    case 'notIn':
    case 'matches':
    case 'length': {
      const test = valueTest(expectation, first!)!;
      return using(() => valueState(first!.name, test, samples));
    }
    case 'type':
      return bindType(expectation, first!, families[0]!, context);
    case 'unique':
      return using(() => uniqueState(read, samples));
    case 'increasing':
      return using(() => increasingState(first!.name, expectation.strict, samples));
    case 'compare':
      return using(() => compareState(expectation.left, expectation.op, expectation.right, samples));
    case 'rowCount':
      return using(() => rowCountState(expectation.min, expectation.max));
    case 'columns':
      return bindColumns(expectation, schema);
    case 'references': {
      const { tables = {} } = context;
      const target = Object.hasOwn(tables, expectation.table) ? tables[expectation.table] : undefined;
      if (target === undefined)
        return { problem: `give the table \`${expectation.table}\` as \`tables.${expectation.table}\`` };
      if (!target.columns.has(expectation.key))
        return { problem: `the table \`${expectation.table}\` has no column \`${expectation.key}\`` };
      if (familyOf(target.columns.get(expectation.key)!.type) !== families[0])
        return { problem: `\`${expectation.table}.${expectation.key}\` is not of the type of \`${first!.name}\`` };
      return using(() => valueState(first!.name, memberTest(membersOf(target, expectation.key), true), samples));
    }
    case 'fresh': {
      const { now } = context;
      if (now === undefined) return { problem: 'give the time of the check as `now`' };
      const { maxAgeMs, maxAheadMs = Number.POSITIVE_INFINITY } = expectation;
      return using(() => freshState(first!.name, now, maxAgeMs, maxAheadMs, samples));
    }
    case 'distribution':
      return from(
        context.distributions?.(expectation, schema, context) ?? 'give `distributions` of `validation/distribution`',
      );
    case 'metric':
      return from(context.metrics?.(expectation, schema, context) ?? 'give `metrics` of `validation/metric`');
    case 'row':
      return from(
        context.rows?.(expectation, schema, context) ?? 'give `rows`, made by `rowSchemas` of `validation/row`',
      );
    case 'version': {
      const { version } = context;
      if (version === undefined) return { problem: 'give the version of the dataset as `version`' };
      const known = expectation.versions.includes(version);
      return known ? bySchema('pass') : bySchema('fail', `it is \`${version}\``);
    }
    default:
      return expectation satisfies never;
  }
}

function bindType(
  check: Check & { kind: 'type' },
  column: ColumnSchema,
  family: Family,
  context: ValidationContext,
): Bound {
  const { type } = check;
  const fits =
    type === 'list'
      ? column.type === 'list'
      : LOGICAL[type] === family || (LOGICAL[type] === 'number' && column.type === 'decimal');
  const whole = type === 'integer';
  if (fits && whole && (column.type === 'f64' || column.type === 'f32'))
    return {
      columns: [column.name],
      start: () => valueState(column.name, valueTest(check, column)!, context.samples ?? {}),
    };
  const outcome = !fits ? 'fail' : whole && column.type === 'decimal' ? 'unsupported' : 'pass';
  return byType([column.name], column, outcome, context);
}

function bindColumns({ names, exact }: Check & { kind: 'columns' }, schema: Schema): Bound {
  const missing = names.filter((name) => !schema.has(name));
  const surplus = exact ? [...schema.keys()].filter((name) => !names.includes(name)) : [];
  const reasons = [
    ...missing.map((name) => `\`${name}\` is missing`),
    ...surplus.map((name) => `\`${name}\` is not expected`),
  ];
  return bySchema(reasons.length === 0 ? 'pass' : 'fail', ...reasons);
}

/** Every value of a key column. @throws `input/too-large` for more than a Set can hold */
function membersOf(table: Table, key: string): ReadonlySet<SlotValue> {
  const members = new Set<SlotValue>();
  for (const block of blocksOf(table, [key], 0)) {
    const { column, chunk, from } = block.slots.get(key)!;
    const read = readerOf(column, chunk);
    for (let i = from; i < from + block.length; i++) if (isValid(chunk.validity, i)) members.add(read(i));
    if (members.size > MAX_KEYS)
      throw new MillwrightError('input/too-large', `\`${key}\` has more than ${MAX_KEYS} different keys.`, {
        details: { name: key, limit: MAX_KEYS, received: members.size },
      });
  }
  return members;
}
