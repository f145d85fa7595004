import type { CategoryProfile, ColumnProfile, NumberProfile, TableProfile } from '../profile/types.js';
import { wilsonInterval } from '../statistics/interval/proportion.js';
import type { PhysicalType } from '../table/types.js';
import { expect } from './expect.js';
import type { Expectation, LogicalType } from './types.js';

/** How bold suggestions are. */
export interface SuggestOptions {
  /** Columns with at most this many different values get a list of them. Default 100. */
  readonly maxCategories?: number | undefined;
  /** How sure the suggested shares of present values are. Default 0.95. */
  readonly confidence?: number | undefined;
}

/**
 * A first suite from what a profile saw, to be read and edited by someone who knows the data. What always held is
 * expected always; a column with nulls gets the lower bound of its share of values (Wilson), so that the next sample of
 * the same data passes. Ranges and distributions are warnings: the past does not bound the future.
 */
export function suggestExpectations(profile: TableProfile, options: SuggestOptions = {}): readonly Expectation[] {
  const { maxCategories = 100, confidence = 0.95 } = options;
  const suite: Expectation[] = [expect.columns([...profile.columns.keys()])];
  for (const [name, column] of profile.columns) {
    const type = logicalTypeOf(column);
    if (type !== undefined) suite.push(expect.column(name).type(type));
    if (column.rows === 0) continue;
    suite.push(presence(name, column, confidence));
    if (column.kind === 'number') suite.push(...forNumbers(name, column, confidence));
    else if (column.kind === 'category') suite.push(...forCategories(name, column, maxCategories));
  }
  return suite;
}

/** What a profiled column holds; undefined for types without kernels. */
export function logicalTypeOf(column: ColumnProfile): LogicalType | undefined {
  if (column.kind === 'presence') return column.type === 'list' ? 'list' : undefined;
  if (column.kind === 'category') return column.type === 'bool' ? 'boolean' : 'string';
  if (column.type === 'timestamp' || column.type === 'date') return 'timestamp';
  const whole = column.integers && column.finite > 0 && column.nan === 0 && infinities(column) === 0;
  return whole || isInteger(column.type) ? 'integer' : 'number';
}

function isInteger(type: PhysicalType): boolean {
  return /^[iu]\d/.test(type);
}

function infinities(column: NumberProfile): number {
  return column.positiveInfinity + column.negativeInfinity;
}

function presence(name: string, { rows, nulls }: ColumnProfile, confidence: number): Expectation {
  return expect.column(name).notNull({ id: `${name}.notNull`, ...shareOf(rows - nulls, rows, confidence) });
}

/** The share that kept a rule: all, or surely this many. Down to parts per million, as `mostly` is read: never up. */
function shareOf(count: number, n: number, confidence: number): { readonly mostly?: number } {
  if (count === n) return {};
  return { mostly: Math.floor(wilsonInterval({ count, n }, confidence).lower * 1e6) / 1e6 };
}

function* forNumbers(name: string, column: NumberProfile, confidence: number): Generator<Expectation> {
  const time = column.type === 'timestamp' || column.type === 'date';
  if (!time && column.nan === 0 && infinities(column) === 0) yield expect.column(name).finite();
  const rule = { severity: 'warning' } as const;
  if (column.min !== undefined && column.max !== undefined)
    yield expect.column(name).between(column.min, column.max, {
      ...rule,
      // NaN and infinities, which are in no range, were there before.
      ...shareOf(column.finite, column.rows - column.nulls, confidence),
    });
  if (!time && column.finite > 0) yield expect.distribution(name, { max: 0.1 }, rule);
}

function* forCategories(name: string, column: CategoryProfile, maxCategories: number): Generator<Expectation> {
  const seen = [...column.counts].filter(([, count]) => count > 0).map(([category]) => category);
  const rule = { severity: 'warning' } as const;
  if (column.type !== 'bool' && column.other === 0 && seen.length > 0 && seen.length <= maxCategories)
    yield expect.column(name).in(seen.sort());
  if (seen.length > 1) yield expect.distribution(name, { max: 0.1 }, rule);
}
