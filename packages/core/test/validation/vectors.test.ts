import { profileTable } from '@millwright/core/profile';
import { sliceTable, type Table, tableFrom } from '@millwright/core/table';
import { createValidator, expect as data, type Expectation, validate } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { describe, expect, test } from 'vitest';

import { distance } from '../../src/validation/checks/distance.js';
import vectors from '../vectors/data_quality.json' with { type: 'json' };

const numbers = (values: readonly (number | string | null)[]) => values.map((v) => (v === null ? null : Number(v)));
const { id, amount, country, email, ts, qty, cap } = vectors.table;
const table: Table = tableFrom({
  id: numbers(id),
  amount: numbers(amount),
  country,
  email,
  ts: ts.map((t) => (t === null ? null : new Date(t))),
  qty: numbers(qty),
  cap: numbers(cap),
});

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly columns: readonly string[];
  readonly params: {
    readonly min?: number;
    readonly max?: number;
    readonly values?: readonly string[];
    readonly pattern?: string;
    readonly unit?: string;
    readonly where?: { readonly country: string };
  };
  readonly mostly: number;
  readonly expected: {
    readonly element_count: number;
    readonly considered: number;
    readonly unexpected_count: number;
    readonly success: boolean;
    readonly first_unexpected_rows: readonly number[];
  };
}

function expectationOf({ id, kind, columns, params, mostly }: Vector): Expectation {
  const [first = '', second = ''] = columns;
  const column = data.column(first);
  const where = params.where && ({ column: 'country', op: '==', value: params.where.country } as const);
  const rule = { id, mostly, ...(where && { where }) };
  switch (kind) {
    case 'between':
      return column.between(params.min, params.max, rule);
    case 'in_set':
      return column.in(params.values ?? [], rule);
    case 'not_in_set':
      return column.notIn(params.values ?? [], rule);
    case 'not_null':
      return column.notNull(rule);
    case 'matches':
      return column.matches(params.pattern ?? '', rule);
    case 'length_between':
      return column.length({ min: params.min, max: params.max, unit: 'utf16' }, rule);
    case 'unique':
      return column.unique(rule);
    case 'compound_unique':
      return data.unique(columns, rule);
    case 'pair_a_le_b':
      return data.compare(first, '<=', second, rule);
    case 'integer_valued':
      return column.type('integer', rule);
    case 'finite':
      return column.finite(rule);
    case 'increasing':
      return column.increasing({}, rule);
    default:
      throw new Error(kind);
  }
}

describe('the reference suite', () => {
  const cases = vectors.expectations as readonly Vector[];

  test.each(cases)('$id', (vector) => {
    const [outcome] = validate(table, [expectationOf(vector)]).outcomes;
    const { expected } = vector;
    expect(outcome?.counts).toMatchObject({
      rows: expected.element_count,
      considered: expected.considered,
      unexpected: expected.unexpected_count,
    });
    expect(outcome?.samples.map((s) => s.row)).toEqual(expected.first_unexpected_rows);
    // A check that considered no row says nothing; the reference calls that success.
    if (expected.considered === 0) expect(outcome?.verdict).toBe('insufficient');
    else expect(outcome?.verdict).toBe(expected.success ? 'pass' : 'fail');
  });

  test('parts merge to the report of the whole', () => {
    const suite = cases.map(expectationOf);
    const whole = validate(table, suite);
    for (const cuts of [[], [0], [1, 100, 101], [150], [8, 9, 63, 64, 65, 299, 300]]) {
      const bounds = [0, ...cuts, 300];
      const parts = bounds.slice(1).map((end, i) => sliceTable(table, bounds[i]!, end));
      const merged = parts.map((p) => createValidator(suite).observe(p)).reduce((a, b) => a.merge(b));
      expect(merged.report().digest).toBe(whole.digest);
      const streamed = createValidator(suite);
      for (const part of parts) streamed.observe(part);
      expect(streamed.report().digest).toBe(whole.digest);
    }
  });
});

describe('distances', () => {
  test.each(vectors.distances.filter((d) => d.kind === 'categorical'))('$id', ({ input, expected }) => {
    const a = input.a as Record<string, number>;
    const b = input.b as Record<string, number>;
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    const cells = { reference: names.map((n) => a[n] ?? 0), current: names.map((n) => b[n] ?? 0) };
    const of = (measure: Parameters<typeof distance>[0]) => distance(measure, cells);
    expect(of('linf')).toBeCloseTo(expected.l_infinity ?? -1, 12);
    expect(of('jensenShannon')).toBeCloseTo(expected.jensen_shannon_distance ?? -1, 12);
    expect(of('totalVariation')).toBeCloseTo(expected.total_variation ?? -1, 12);
  });

  test('another kind of values than the reference holds decides nothing', () => {
    const reference = profileTable(tableFrom({ x: Float64Array.of(1, 2, 3) }));
    const text = tableFrom({ x: ['a', null, 'b'] });
    const [outcome] = validate(text, [data.distribution('x', { max: 1, minRows: 1 })], {
      reference,
      distributions,
    }).outcomes;
    expect(outcome).toMatchObject({ verdict: 'insufficient', counts: { rows: 3, missing: 1, considered: 2 } });
    expect(outcome?.reasons).toEqual(['the reference holds another kind of values']);
  });
});
