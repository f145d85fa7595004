import type { Check, ComparisonOperator, Condition, Scalar } from '@millwright/core/validation';
import { type ColumnSchema, type PlannedCheck, type Schema, timeOf } from '@millwright/core/validation/engine';
import { double, identifier, text } from './literal.js';
import { patternsOf } from './pattern.js';

/** A check as conditions of SQL, none of which is ever null. */
export interface Test {
  readonly where: string;
  /** Whether every column that is checked holds a value. */
  readonly present: string;
  readonly fails: string;
  /** The columns whose values a sample shows; none shows null. */
  readonly shown: readonly ColumnSchema[];
  /** For freshness: the point in time, in milliseconds. */
  readonly time?: string | undefined;
  /** For uniqueness: what rows are grouped by. */
  readonly keys?: readonly string[] | undefined;
}

/** How SQL says exactly what a check says; undefined where it cannot. */
export function testOf({ expectation, settled }: PlannedCheck, schema: Schema, now?: number): Test | undefined {
  if (settled?.by === 'schema') return { where: 'true', present: 'true', fails: 'false', shown: [] };
  const where = expectation.where === undefined ? 'true' : conditionOf(expectation.where, schema);
  const body = settled ? settledTest(schema.get(settled.column)!, settled.fails) : bodyOf(expectation, schema, now);
  return where === undefined || body === undefined ? undefined : { where, ...body };
}

type Body = Omit<Test, 'where'>;

function settledTest(column: ColumnSchema, fails: boolean): Body {
  return { present: present(column), fails: String(fails), shown: [column] };
}

function bodyOf(check: Check, schema: Schema, now: number | undefined): Body | undefined {
  switch (check.kind) {
    case 'rowCount':
    case 'columns':
    case 'version':
      return { present: 'true', fails: 'false', shown: [] };
    case 'notNull':
      return { present: 'true', fails: `NOT ${present(schema.get(check.column)!)}`, shown: [] };
    case 'unique': {
      const columns = check.columns.map((name) => schema.get(name)!);
      return {
        present: columns.map(present).join(' AND '),
        fails: 'false',
        shown: columns,
        keys: columns.map(comparable),
      };
    }
    case 'compare':
      return comparison(check, schema.get(check.left)!, schema.get(check.right)!);
    case 'fresh': {
      const column = schema.get(check.column)!;
      const latest = now! + (check.maxAheadMs ?? Number.POSITIVE_INFINITY);
      const fails = `coalesce(${comparable(column)} > ${double(latest)}, true)`;
      return { present: present(column), fails, shown: [column], time: comparable(column) };
    }
    case 'notNaN':
    case 'finite':
    case 'between':
    case 'in':
    case 'notIn':
    case 'matches':
    case 'length':
    case 'type': {
      const column = schema.get(check.column)!;
      const keeps = keepsOf(check, column);
      if (keeps === undefined) return undefined;
      return { present: present(column), fails: `NOT coalesce(${keeps}, false)`, shown: [column] };
    }
    default:
      return undefined;
  }
}

type ValueCheck = Extract<
  Check,
  { readonly kind: 'notNaN' | 'finite' | 'between' | 'in' | 'notIn' | 'matches' | 'length' | 'type' }
>;

function keepsOf(check: ValueCheck, column: ColumnSchema): string | undefined {
  const value = comparable(column);
  switch (check.kind) {
    case 'notNaN':
      return isFloat(column) ? `NOT isnan(${value})` : 'true';
    case 'finite':
      return isFloat(column) ? `isfinite(${value})` : 'true';
    case 'type':
      // Settled by the schema for every other column: here it is about fractions.
      return `(isfinite(${value}) AND trunc(${value}) = ${value})`;
    case 'between':
      return rangeOf(column, timed(check.min), timed(check.max));
    case 'in':
    case 'notIn': {
      const values = check.values.map((v) => literal(v, column));
      if (values.includes(undefined)) return undefined;
      return `${check.kind === 'in' ? '' : 'NOT '}(${value} IN (${values.join(', ')}))`;
    }
    case 'length':
      return rangeOf({ name: '', type: 'i64' }, check.min, check.max, lengthOf(value, check.unit));
    case 'matches': {
      const parts = patternsOf(check.pattern, check.flags ?? '').map(
        ({ pattern, wanted }) => `${wanted ? '' : 'NOT '}regexp_matches(${value}, ${text(pattern)})`,
      );
      return `(${parts.join(' AND ')})`;
    }
    default:
      return check satisfies never;
  }
}

function lengthOf(value: string, unit: 'codePoints' | 'utf16' | 'bytes'): string {
  if (unit === 'bytes') return `strlen(${value})`;
  const points = `length(${value})`;
  // Letters beyond U+FFFF are two UTF-16 units.
  return unit === 'codePoints'
    ? points
    : `(${points} + length(regexp_replace(${value}, '[^\\x{10000}-\\x{10FFFF}]', '', 'g')))`;
}

function timed(bound: number | string | undefined): number | undefined {
  return bound === undefined ? undefined : timeOf(bound);
}

function rangeOf(column: ColumnSchema, min?: number, max?: number, value = comparable(column)): string {
  // NaN is above everything for DuckDB, and in no range for us.
  const parts = isFloat(column) ? [`NOT isnan(${value})`] : ['true'];
  if (min !== undefined) parts.push(`${value} >= ${bound(column, min, Math.ceil)}`);
  if (max !== undefined) parts.push(`${value} <= ${bound(column, max, Math.floor)}`);
  return `(${parts.join(' AND ')})`;
}

/** Integers are compared with integers, so that nothing is rounded. */
function bound(column: ColumnSchema, value: number, inwards: (value: number) => number): string {
  return isInteger(column) && Math.abs(value) < 1e30 ? `${BigInt(inwards(value))}::HUGEINT` : double(value);
}

function comparison(
  { op }: { readonly op: ComparisonOperator },
  left: ColumnSchema,
  right: ColumnSchema,
): Body | undefined {
  const text = left.type === 'dictionary';
  // DuckDB orders text by bytes, JavaScript by UTF-16 units; and it rounds integers that it compares with doubles.
  if (text && op !== '==' && op !== '!=') return undefined;
  const wide = (a: ColumnSchema, b: ColumnSchema) => (a.type === 'i64' || a.type === 'u64') && isFloat(b);
  if (wide(left, right) || wide(right, left)) return undefined;
  const [a, b] = [left, right].map((c) =>
    isInteger(left) && isInteger(right) ? `${comparable(c)}::HUGEINT` : comparable(c),
  );
  const numbers = [left, right].filter(isFloat).map((c) => `NOT isnan(${comparable(c)})`);
  const keeps = [...numbers, `${a} ${sqlOf(op)} ${b}`].join(' AND ');
  return {
    present: `${present(left)} AND ${present(right)}`,
    fails: `NOT coalesce(${keeps}, false)`,
    shown: [left, right],
  };
}

/** A condition of `where`: a null makes a comparison false, and NaN is in no relation but `!=`. */
function conditionOf(condition: Condition, schema: Schema): string | undefined {
  if ('all' in condition || 'any' in condition) {
    const all = 'all' in condition;
    const parts = (all ? condition.all : condition.any).map((part) => conditionOf(part, schema));
    if (parts.includes(undefined)) return undefined;
    return parts.length === 0 ? String(all) : `(${parts.join(all ? ' AND ' : ' OR ')})`;
  }
  if ('not' in condition) {
    const inner = conditionOf(condition.not, schema);
    return inner && `(NOT ${inner})`;
  }
  const column = schema.get(condition.column)!;
  if (!('value' in condition)) return `(${condition.op === 'isNull' ? 'NOT ' : ''}${present(column)})`;
  const value = comparable(column);
  if (typeof condition.value === 'object') {
    const values = condition.value.map((v) => literal(v, column));
    if (values.includes(undefined)) return undefined;
    return values.length === 0 ? 'false' : `coalesce(${value} IN (${values.join(', ')}), false)`;
  }
  const op = condition.op as ComparisonOperator;
  const wanted = literal(condition.value, column);
  if (wanted === undefined || (column.type === 'dictionary' && op !== '==' && op !== '!=')) return undefined;
  const number = isFloat(column) && op !== '!=' ? `NOT isnan(${value}) AND ` : '';
  return `coalesce(${number}${value} ${sqlOf(op)} ${wanted}, false)`;
}

/** A value as the column has it; undefined for one of another kind, or that DuckDB cannot hold. */
function literal(value: Scalar, column: ColumnSchema): string | undefined {
  if (isTime(column)) return double(timeOf(value));
  if (typeof value === 'string') return column.type === 'dictionary' ? text(value) : undefined;
  if (typeof value === 'boolean') return column.type === 'bool' ? String(value) : undefined;
  if (isFloat(column)) return double(value);
  return isInteger(column) && Number.isSafeInteger(value) ? `${value}::HUGEINT` : undefined;
}

/** A column in the form that checks compare: doubles, whole numbers, text, or milliseconds as a double. */
function comparable(column: ColumnSchema): string {
  const name = identifier(column.name);
  if (isTime(column)) return `(epoch_us(${name})::DOUBLE / 1000)`;
  if (column.type === 'dictionary') return `${name}::VARCHAR`;
  return column.type === 'f32' ? `${name}::DOUBLE` : name;
}

function present({ name }: ColumnSchema): string {
  return `${identifier(name)} IS NOT NULL`;
}

function isTime({ type }: ColumnSchema): boolean {
  return type === 'timestamp' || type === 'date';
}

function isFloat({ type }: ColumnSchema): boolean {
  return type === 'f32' || type === 'f64';
}

function isInteger({ type }: ColumnSchema): boolean {
  return /^[iu]\d/.test(type);
}

function sqlOf(op: ComparisonOperator): string {
  return op === '==' ? '=' : op;
}
