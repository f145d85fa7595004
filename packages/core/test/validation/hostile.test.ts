import { isMillwrightError } from '@millwright/core';
import {
  type ArrowTable,
  type ColumnChunk,
  rowOf,
  type Table,
  tableFrom,
  tableFromArrow,
  tableFromRows,
} from '@millwright/core/table';
import {
  createValidator,
  expect as data,
  type Expectation,
  type ValidationContext,
  validate,
} from '@millwright/core/validation';
import { metrics } from '@millwright/core/validation/metric';
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/**
 * Input from someone who means harm, or from a disk that failed. Whatever comes is either a report or a typed error, and
 * it comes soon: a hang is a test that runs into its time limit.
 */
function typed<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (isMillwrightError(error)) return error.code;
    throw error;
  }
}

/** A suite that reads every slot of every column. */
function readAll(table: Table): readonly Expectation[] {
  return [...table.columns].flatMap(([name, { type }]) => [
    data.column(name).notNull(),
    data.column(name).unique(),
    ...(type === 'utf8' || type === 'dictionary'
      ? [data.column(name).matches('^[a-z]+$'), data.column(name).length({ max: 3 })]
      : []),
    ...(/^[fiu]\d/.test(type) ? [data.column(name).between(0, 1), data.column(name).increasing()] : []),
  ]);
}

describe('truncated and damaged Arrow IPC', () => {
  const source = new arrow.Table({
    id: arrow.vectorFromArray([1, 2, null, 4], new arrow.Int32()),
    big: arrow.vectorFromArray([1n, null, 3n, 4n], new arrow.Int64()),
    text: arrow.vectorFromArray(['a', 'bcd', '', null], new arrow.Utf8()),
    word: arrow.vectorFromArray(['x', 'y', 'x', null], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
    flag: arrow.vectorFromArray([true, null, false, true], new arrow.Bool()),
    none: arrow.vectorFromArray([null, null, null, null]),
  });
  const stream = arrow.tableToIPC(source, 'stream');
  const file = arrow.tableToIPC(source, 'file');

  /** Arrow's own reader may refuse the bytes; what it lets through is ours to refuse. */
  function read(bytes: Uint8Array): unknown {
    let parsed: arrow.Table;
    try {
      parsed = arrow.tableFromIPC(bytes);
    } catch {
      return 'refused by Arrow';
    }
    return typed(() => {
      const table = tableFromArrow(parsed);
      return validate(table, readAll(table)).verdict;
    });
  }

  test('the undamaged file is read', () => {
    expect([read(stream), read(file)]).toEqual(['fail', 'fail']);
  });

  test.each([
    ['stream', stream],
    ['file', file],
  ])('a %s cut off at every byte', (_, bytes) => {
    const answers = new Set<unknown>();
    for (let end = 0; end < bytes.length; end++) answers.add(read(bytes.slice(0, end)));
    for (const answer of answers)
      expect(['refused by Arrow', 'table/corrupt', 'input/invalid', 'insufficient', 'fail']).toContain(answer);
  });

  test('property: bodies that were changed after the metadata was read', () => {
    const change = fc.tuple(fc.nat(stream.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const bytes = stream.slice();
        const parsed = arrow.tableFromIPC(bytes);
        for (const [at, value] of changes) bytes[at] = value;
        typed(() => {
          const table = tableFromArrow(parsed);
          return validate(table, readAll(table));
        });
      }),
      { numRuns: 400, seed: 4 },
    );
  });
});

describe('buffers that lie', () => {
  const bytes = new Uint8Array(8);
  const whole = { validity: undefined, nullCount: 0 };
  const view = (
    type: Table['columns'] extends ReadonlyMap<string, infer C> ? C['type' & keyof C] : never,
    chunk: ColumnChunk,
  ) => tableFrom({ x: { name: 'x', type, length: chunk.length, nullCount: 0, chunks: [chunk] } });

  test.each<[string, Parameters<typeof view>[0], ColumnChunk]>([
    ['offsets beyond the bytes', 'utf8', { kind: 'utf8', length: 2, ...whole, bytes, offsets: Int32Array.of(0, 4, 9) }],
    ['offsets that go back', 'utf8', { kind: 'utf8', length: 2, ...whole, bytes, offsets: Int32Array.of(0, 8, 4) }],
    ['negative offsets', 'utf8', { kind: 'utf8', length: 2, ...whole, bytes, offsets: Int32Array.of(-1, 2, 4) }],
    ['too few offsets', 'utf8', { kind: 'utf8', length: 2, ...whole, bytes, offsets: Int32Array.of(0, 2) }],
    ['offsets of 2^62', 'utf8', { kind: 'utf8', length: 1, ...whole, bytes, offsets: BigInt64Array.of(0n, 2n ** 62n) }],
    [
      'codes outside the dictionary',
      'dictionary',
      { kind: 'dictionary', length: 2, ...whole, dictionary: ['a'], codes: Int32Array.of(0, 1) },
    ],
    [
      'negative codes',
      'dictionary',
      { kind: 'dictionary', length: 1, ...whole, dictionary: ['a'], codes: Int8Array.of(-1) },
    ],
    [
      'a short bitmap',
      'i32',
      {
        kind: 'number',
        length: 9,
        nullCount: 1,
        validity: { bits: Uint8Array.of(255), offset: 0 },
        values: new Int32Array(9),
      },
    ],
    ['too few values', 'f64', { kind: 'number', length: 3, ...whole, values: new Float64Array(2) }],
    ['too few bits', 'bool', { kind: 'bool', length: 9, ...whole, bits: Uint8Array.of(255), offset: 0 }],
    ['too short lists', 'list', { kind: 'list', length: 2, ...whole, width: 3, values: new Float32Array(5) }],
    ['a negative length', 'f64', { kind: 'number', length: -1, ...whole, values: new Float64Array(2) }],
    ['a length of 2^60', 'f64', { kind: 'number', length: 2 ** 60, ...whole, values: new Float64Array(2) }],
    ['half a row', 'f64', { kind: 'number', length: 0.5, ...whole, values: new Float64Array(2) }],
  ])('%s', (_, type, chunk) => {
    expect(() => view(type, chunk)).toThrow(expect.objectContaining({ code: 'table/corrupt' }));
  });

  test.each([1, 11])('an Arrow column of type %i that claims 2^40 rows and has no buffers', (typeId) => {
    const claim = { type: { typeId }, length: 2 ** 40, offset: 0, children: [] };
    const lie: ArrowTable = {
      schema: { fields: [{ name: 'x' }] },
      batches: [{ data: { ...claim, type: { typeId: 13 }, children: [claim] } }],
    };
    expect(() => tableFromArrow(lie)).toThrow(expect.objectContaining({ code: 'table/corrupt' }));
  });

  test('property: bytes that are no UTF-8 are some text, the same to every check', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 6 }), { minLength: 1, maxLength: 20 }), (texts) => {
        const offsets = new Int32Array(texts.length + 1);
        for (const [i, text] of texts.entries()) offsets[i + 1] = offsets[i]! + text.length;
        const all = Uint8Array.from(texts.flatMap((text) => [...text]));
        const table = view('utf8', { kind: 'utf8', length: texts.length, ...whole, bytes: all, offsets });
        const suite = [...readAll(table), data.column('x').in(['a']), data.column('x').matches('é|\\u{10ffff}')];
        for (const { counts } of validate(table, suite).outcomes) expect(counts.rows).toBe(texts.length);
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});

describe('huge dictionaries', () => {
  const dictionary = Array.from({ length: 1_000_000 }, (_, i) => `entry ${i}`);

  test('are judged once, however many chunks and checks share them', { timeout: 60_000 }, () => {
    const chunk = {
      kind: 'dictionary',
      length: 1,
      validity: undefined,
      nullCount: 0,
      dictionary,
      codes: Int32Array.of(999_999),
    } as const;
    const chunks = Array.from({ length: 200 }, () => ({ ...chunk }));
    const table = tableFrom({ x: { name: 'x', type: 'dictionary', length: 200, nullCount: 0, chunks } });
    const report = validate(table, [data.column('x').matches('9$'), data.column('x').length({ max: 12 })]);
    expect(report.verdict).toBe('pass');
  });

  test('of lists of values too', { timeout: 30_000 }, () => {
    const table = tableFrom({ x: ['entry 7', 'nothing'] });
    expect(validate(table, [data.column('x').in(dictionary)]).outcomes[0]?.counts.unexpected).toBe(1);
  });
});

describe('catastrophic patterns', () => {
  const evil = [
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '^([a-zA-Z]+)*$',
    '(.*)*x',
    '(x+x+)+y',
    'a*a*a*a*a*b',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
  ];

  test.each(evil)('/%s/ takes time linear in the text', { timeout: 30_000 }, (pattern) => {
    const table = tableFrom({ x: [`${'a'.repeat(1_000_000)}!`, `${'x'.repeat(100_000)}`] });
    expect(['pass', 'fail']).toContain(validate(table, [data.column('x').matches(pattern)]).verdict);
  });

  test.each(['(a{1000}){1000}', '(.*a.{15}){3}', '('.repeat(5_000), 'a'.repeat(2_000), '(a)\\1', '(?<=a)b', '[^'])(
    'a pattern that would need too much is refused before anything is read: %#',
    { timeout: 30_000 },
    (pattern) => {
      const table = tableFrom({ x: ['a'] });
      expect(() => validate(table, [data.column('x').matches(pattern)])).toThrow(
        expect.objectContaining({ code: 'validation/plan' }),
      );
    },
  );
});

describe('names that objects already have', () => {
  const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', ''];

  test.each(NAMES)('a column called `%s`', (name) => {
    const row = JSON.parse(`{ ${JSON.stringify(name)}: "a" }`);
    const table = tableFromRows([row, row]);
    expect([...table.columns.keys()]).toEqual([name]);
    expect(Object.entries(rowOf(table, 0))).toEqual([[name, 'a']]);
    const suite = [data.column(name).in(['a']), data.columns([name], { exact: true }), data.column(name).unique()];
    expect(validate(table, suite).outcomes.map((o) => o.verdict)).toEqual(['pass', 'pass', 'fail']);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  test.each(NAMES)('the value `%s`', (value) => {
    const table = tableFrom({ x: [value, 'a', value] });
    const outcomes = validate(table, [
      data.column('x').in(['a']),
      data.column('x').notIn(['a']),
      data.column('x').unique(),
    ]).outcomes;
    expect(outcomes.map((o) => o.counts.unexpected)).toEqual([2, 1, 2]);
  });

  test.each(NAMES)('the table `%s` that was not given', (name) => {
    const table = tableFrom({ x: ['a'] });
    const suite = [data.references('x', { table: name, key: 'x' })];
    expect(() => validate(table, suite, { tables: {} })).toThrow(expect.objectContaining({ code: 'validation/plan' }));
  });

  test.each(NAMES)('the kind `%s` that does not exist', (kind) => {
    const suite = [{ id: 'x', kind, column: 'x' } as never];
    expect(typed(() => validate(tableFrom({ x: [1] }), suite))).toBe('validation/plan');
  });
});

describe('integers around 2^53', () => {
  const at = 2n ** 53n;
  const table = tableFrom({
    id: BigInt64Array.of(at - 1n, at, at + 1n, at + 2n),
    same: BigInt64Array.of(at - 1n, at, at + 1n, at + 2n),
    next: BigInt64Array.of(at, at + 1n, at + 2n, at + 3n),
    double: Float64Array.of(2 ** 53 - 1, 2 ** 53, 2 ** 53, 2 ** 53 + 2),
    u: BigUint64Array.of(2n ** 64n - 1n, 2n ** 64n - 2n, 0n, 2n ** 63n),
  });
  const rows = (expectation: Expectation, context: ValidationContext = {}) =>
    validate(table, [expectation], context).outcomes[0]!.samples.map((s) => s.row);

  test('are not taken for each other', () => {
    expect(rows(data.column('id').unique())).toEqual([]);
    expect(rows(data.column('u').unique())).toEqual([]);
    expect(rows(data.column('id').between(0, Number.MAX_SAFE_INTEGER))).toEqual([1, 2, 3]);
    expect(rows(data.compare('id', '==', 'same'))).toEqual([]);
    expect(rows(data.compare('id', '<', 'next'))).toEqual([]);
    expect(rows(data.compare('next', '<=', 'id'))).toEqual([0, 1, 2, 3]);
    // 2^53 + 1 is no double: the column holds its neighbour.
    expect(rows(data.compare('id', '==', 'double'))).toEqual([2]);
    expect(rows(data.column('id').increasing({ strict: true }))).toEqual([]);
    expect(rows(data.references('id', { table: 't', key: 'next' }), { tables: { t: table } })).toEqual([0]);
    expect(rows(data.column('id').in([2 ** 53 - 1]))).toEqual([1, 2, 3]);
  });

  test('are written in full', () => {
    const [outcome] = validate(table, [data.column('id').in([0])]).outcomes;
    expect(outcome?.samples.map((s) => s.value)).toEqual([2 ** 53 - 1, String(at), String(at + 1n), String(at + 2n)]);
  });

  test('are no bounds: JSON would round them', () => {
    expect(() => validate(table, [data.column('id').between(0, 2 ** 53 + 2)])).toThrow(
      expect.objectContaining({ code: 'input/not-json' }),
    );
  });
});

describe('tables without rows', () => {
  const empty: readonly [string, Table][] = [
    ['of typed arrays', tableFrom({ x: new Float64Array(0), s: [] })],
    ['without columns', tableFrom({})],
    [
      'without chunks',
      { rowCount: 0, columns: new Map([['x', { name: 'x', type: 'f64', length: 0, nullCount: 0, chunks: [] }]]) },
    ],
    ['from Arrow', tableFromArrow(arrow.tableFromArrays({ x: new Float64Array(0) }))],
    ['from no rows', tableFromRows([])],
  ];

  test.each(empty)('%s: nothing is passed, nothing is thrown', (_, table) => {
    const numeric = table.columns.get('x')?.type === 'f64';
    const suite = [
      data.columns([...table.columns.keys()]),
      data.rowCount({ max: 0 }),
      ...(numeric
        ? [
            data.column('x').notNull(),
            data.column('x').between(0, 1),
            data.column('x').unique(),
            data.column('x').increasing(),
            data.column('x').finite({ where: { column: 'x', op: '>', value: 0 } }),
            data.compare('x', '<', 'x'),
            data.metric('x', 'mean', { min: 0 }),
          ]
        : []),
    ];
    const report = validate(table, suite, { metrics });
    expect(report.outcomes.map((o) => o.verdict)).toEqual(suite.map((_, i) => (i < 2 ? 'pass' : 'insufficient')));
    expect(createValidator(suite, { metrics }).observe(table).observe(table).report().digest).toBe(report.digest);
    expect(createValidator([]).observe(table).report().verdict).toBe('insufficient');
  });
});
