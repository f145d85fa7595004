import { digestJson } from '../foundation/digest.js';
import { defined } from '../foundation/options.js';
import type {
  Check,
  ColumnMetric,
  ComparisonOperator,
  DistanceMeasure,
  Expectation,
  LengthUnit,
  LogicalType,
  MetricBounds,
  Rule,
  Scalar,
} from './types.js';

/** How an expectation is judged; the id is derived from the check when it is not given. */
export type RuleOptions = Partial<Rule>;

type Bound = number | string | Date | undefined;

/**
 * Builders for expectations. Each returns plain, frozen data.
 *
 * @example
 * validate(table, [
 *   expect.rowCount({ min: 400_000 }),
 *   expect.column('delay').between(-120, 2_000, { mostly: 0.999 }),
 *   expect.column('origin').in(airports),
 *   expect.unique(['carrier', 'flight', 'day']),
 * ]).orThrow();
 */
export const expect = {
  column: (column: string) => ({
    notNull: (rule?: RuleOptions) => make({ kind: 'notNull', column }, rule),
    notNaN: (rule?: RuleOptions) => make({ kind: 'notNaN', column }, rule),
    /** Neither NaN nor infinite. */
    finite: (rule?: RuleOptions) => make({ kind: 'finite', column }, rule),
    /** Inclusive; leave a side open with `undefined`. Points in time as milliseconds, `Date` or ISO 8601 with an offset. */
    between: (min: Bound, max: Bound, rule?: RuleOptions) =>
      make({ kind: 'between', column, min: bound(min), max: bound(max) }, rule),
    in: (values: Iterable<Scalar>, rule?: RuleOptions) => make({ kind: 'in', column, values: list(values) }, rule),
    notIn: (values: Iterable<Scalar>, rule?: RuleOptions) =>
      make({ kind: 'notIn', column, values: list(values) }, rule),
    /** Searches; anchor the pattern to match the whole value. Runs in linear time, so not every `RegExp` is accepted. */
    matches: (pattern: RegExp | string, rule?: RuleOptions) =>
      make(
        typeof pattern === 'string'
          ? { kind: 'matches', column, pattern }
          : { kind: 'matches', column, pattern: pattern.source, flags: pattern.flags },
        rule,
      ),
    length: ({ min, max, unit = 'codePoints' }: LengthOptions, rule?: RuleOptions) =>
      make({ kind: 'length', column, unit, min, max }, rule),
    type: (type: LogicalType, rule?: RuleOptions) => make({ kind: 'type', column, type }, rule),
    unique: (rule?: RuleOptions) => make({ kind: 'unique', columns: [column] }, rule),
    /** Each value is at least (strictly: greater than) the one before that is not null. */
    increasing: ({ strict = false }: { readonly strict?: boolean } = {}, rule?: RuleOptions) =>
      make({ kind: 'increasing', column, strict }, rule),
  }),
  /** Combinations of values occur once. */
  unique: (columns: readonly string[], rule?: RuleOptions) => make({ kind: 'unique', columns: list(columns) }, rule),
  rowCount: ({ min, max }: Range, rule?: RuleOptions) => make({ kind: 'rowCount', min, max }, rule),
  /** The table has these columns; with `exact` no others. */
  columns: (names: readonly string[], { exact = false, ...rule }: RuleOptions & { readonly exact?: boolean } = {}) =>
    make({ kind: 'columns', names: list(names), exact }, rule),
  /** `expect.compare('scheduled', '<=', 'actual')`, row by row. */
  compare: (left: string, op: ComparisonOperator, right: string, rule?: RuleOptions) =>
    make({ kind: 'compare', left, op, right }, rule),
  /** Every value of `column` occurs in `key` of the table that `validate` is given under the name `table`. */
  references: (column: string, target: { readonly table: string; readonly key: string }, rule?: RuleOptions) =>
    make({ kind: 'references', column, table: target.table, key: target.key }, rule),
  /** Every row keeps the schema that `validate` is given under this name, by `rowSchemas` of `validation/row`. */
  row: (schema: string, { columns, ...rule }: RuleOptions & { readonly columns?: readonly string[] } = {}) =>
    make({ kind: 'row', schema, columns: columns && list(columns) }, rule),
  /** A figure of the whole column, computed by `metrics` of `validation/metric`. */
  metric: (column: string, metric: ColumnMetric, bounds: MetricBounds, rule?: RuleOptions) =>
    make({ kind: 'metric', column, metric, ...bounds }, rule),
  /** The table is one of these versions of its dataset (`flights@3`), compared with the `version` that `validate` is given. */
  version: (versions: readonly string[], rule?: RuleOptions) =>
    make({ kind: 'version', versions: list(versions) }, rule),
  /** The newest point in time is at most `maxAgeMs` old, and none is more than `maxAheadMs` in the future. */
  fresh: (column: string, age: { readonly maxAgeMs: number; readonly maxAheadMs?: number }, rule?: RuleOptions) =>
    make({ kind: 'fresh', column, ...age }, rule),
  /**
   * The distance to the reference profile, measured by `distributions` of `validation/distribution`, is at most `max`; judged once there are `minRows` rows (default 500, so that
   * noise alone does not fail small tables).
   */
  distribution: (column: string, { measure = 'totalVariation', max, minRows = 500 }: Distance, rule?: RuleOptions) =>
    make({ kind: 'distribution', column, measure, max, minRows }, rule),
} as const;

/** Bounds that count themselves in; one may be left out. */
export interface Range {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}
/** How long texts may be, and in what that is measured. */
export interface LengthOptions extends Range {
  /** Default `codePoints`. */
  readonly unit?: LengthUnit | undefined;
}
/** How far a distribution may be from the reference's. */
export interface Distance {
  /** Default `totalVariation`. */
  readonly measure?: DistanceMeasure | undefined;
  /** Largest distance, on the scale of the measure. */
  readonly max: number;
  /** Fewer rows than this are `insufficient`. Default 500. */
  readonly minRows?: number | undefined;
}

function make(check: Check, rule: RuleOptions = {}): Expectation {
  const { id = idOf(check, rule), ...rest } = defined(rule);
  return Object.freeze({ id, ...rest, ...(defined(check) as Check) });
}

function bound(value: Bound): number | string | undefined {
  return value instanceof Date ? value.getTime() : value;
}

function list<T>(values: Iterable<T>): readonly T[] {
  return Object.freeze([...values]);
}

/** Readable where the parameters are few (`hour.between(0, 23)`), with a short digest where they are not. */
function idOf(check: Check, rule: RuleOptions): string {
  const { kind, ...all } = defined(check);
  const { column, ...parameters } = all as Readonly<Record<string, unknown>>;
  const parts = Object.values(parameters).map((p) => (Array.isArray(p) ? p.join(', ') : String(p)));
  const words = parts.length === 0 ? '' : `(${parts.join(', ')})`;
  const name = `${column === undefined ? '' : `${column}.`}${kind}`;
  const short = words.length <= 40 ? `${name}${words}` : `${name}~${digestJson(parameters).slice(7, 15)}`;
  return rule.where === undefined ? short : `${short} where~${digestJson(rule.where).slice(7, 15)}`;
}
