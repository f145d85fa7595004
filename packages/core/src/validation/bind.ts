import { MillwrightError } from '../foundation/errors.js';
import type { Verdict } from '../foundation/verdict.js';
import type { PhysicalType, Table } from '../table/types.js';
import { isValid } from '../table/validity.js';
import { blocksOf } from './blocks.js';
import { MAX_KEYS } from './checks/keys.js';
import { compareState, increasingState } from './checks/rows.js';
import { freshState, rowCountState, schemaState } from './checks/table.js';
import { uniqueState } from './checks/unique.js';
import { presenceState, settledState, valueState } from './checks/values.js';
import type { ColumnSchema, Schema, Stated, ValidationContext } from './context.js';
import { PatternError } from './pattern/syntax.js';
import { readerOf, type SlotValue } from './slots.js';
import type { CheckState } from './state.js';
import { timeOf } from './text.js';
import type { Check, CheckKind, Expectation, LogicalType, Scalar } from './types.js';
import { boundOf, memberTest, valueTest } from './value-test.js';

export type Bound =
  | { readonly problem: string }
  | { readonly columns: readonly string[]; readonly start: () => CheckState; readonly settled?: Settled | undefined };

/** A check whose outcome follows from the schema: for the table as a whole, or for every value of a column. */
export type Settled =
  | { readonly by: 'schema' }
  | { readonly by: 'type'; readonly column: string; readonly fails: boolean };

/** What kinds of values a physical type holds. */
type Family = 'number' | 'time' | 'string' | 'boolean' | 'other';

function familyOf(type: PhysicalType): Family {
  switch (type) {
    case 'utf8':
    case 'dictionary':
      return 'string';
    case 'timestamp':
    case 'date':
      return 'time';
    case 'bool':
      return 'boolean';
    case 'decimal':
    case 'list':
    case 'other':
      return 'other';
    default:
      return 'number';
  }
}

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

/** Which families a check is for; undefined means every one. */
const FAMILIES: Readonly<Record<CheckKind, readonly Family[] | undefined>> = {
  notNull: undefined,
  notNaN: ['number'],
  finite: ['number'],
  between: ['number', 'time'],
  in: ['number', 'time', 'string', 'boolean'],
  notIn: ['number', 'time', 'string', 'boolean'],
  matches: ['string'],
  length: ['string'],
  type: undefined,
  unique: undefined,
  increasing: ['number', 'time', 'string'],
  compare: ['number', 'time', 'string', 'boolean'],
  references: ['number', 'time', 'string', 'boolean'],
  row: undefined,
  metric: undefined,
  version: undefined,
  rowCount: undefined,
  columns: undefined,
  fresh: ['time'],
  distribution: undefined,
};

function mismatch(check: Check, columns: readonly ColumnSchema[], families: readonly Family[]): string | undefined {
  const allowed = FAMILIES[check.kind];
  for (const [i, family] of families.entries()) {
    const { name, type } = columns[i]!;
    if (allowed && !allowed.includes(family) && family !== 'other')
      return `\`${check.kind}\` cannot check \`${name}\`, which is ${type}`;
  }
  if (check.kind === 'compare' && families[0] !== families[1])
    return `\`${check.left}\` (${columns[0]!.type}) and \`${check.right}\` (${columns[1]!.type}) cannot be compared`;
  return undefined;
}

function badParameters(check: Check, column: ColumnSchema | undefined, family: Family | undefined): string | undefined {
  switch (check.kind) {
    case 'between': {
      const min = boundOf(check.min, Number.NEGATIVE_INFINITY);
      const max = boundOf(check.max, Number.POSITIVE_INFINITY);
      if (family !== 'time' && [check.min, check.max].some((b) => typeof b === 'string'))
        return `the bounds of \`${column?.name}\` are numbers`;
      return badRange(min, max);
    }
    case 'rowCount':
    case 'length':
      return badRange(check.min ?? 0, check.max ?? Number.POSITIVE_INFINITY);
    case 'in':
    case 'notIn': {
      if (check.values.length === 0) return 'the list of values is empty';
      const odd = check.values.find((value) => !belongs(value, family));
      return odd === undefined
        ? undefined
        : `\`${odd}\` (${typeof odd}) is never a value of \`${column?.name}\` (${column?.type})`;
    }
    case 'matches':
      try {
        valueTest(check, {});
        return undefined;
      } catch (error) {
        if (error instanceof PatternError)
          return `the pattern \`${check.pattern.slice(0, 80)}\` is not supported: ${error.message}`;
        throw error;
      }
    case 'unique':
      if (check.columns.length === 0) return 'there are no columns to be unique';
      return new Set(check.columns).size < check.columns.length ? 'a column is named twice' : undefined;
    default:
      return undefined;
  }
}

function badRange(min: number, max: number): string | undefined {
  if (Number.isNaN(min) || Number.isNaN(max))
    return 'a bound is neither a number nor a point in time with an offset (`2026-01-31T00:00:00Z`)';
  return min > max ? `the lower bound ${min} is greater than the upper bound ${max}` : undefined;
}

function belongs(value: Scalar, family: Family | undefined): boolean {
  if (family === 'time') return !Number.isNaN(timeOf(value));
  return typeof value === family;
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

const LOGICAL: Readonly<Record<LogicalType, Family>> = {
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  string: 'string',
  timestamp: 'time',
  list: 'other',
};

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
