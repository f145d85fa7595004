import { rowOf, tableFrom } from '@millwright/core/table';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AsOfOptions, defineFeatures, feature, featureHistory, featureSkew } from '../../src/feature/index.js';
import vectors from '../vectors/feature_parity.json' with { type: 'json' };

describe('a feature history', () => {
  const { entities, features, cases } = vectors.point_in_time;
  const rows = {
    keys: features.map((f) => f.key),
    times: features.map((f) => f.ts),
    created: features.map((f) => f.created),
  };
  const asked = { keys: entities.map((e) => e.key), times: entities.map((e) => e.ts) };

  test.each(cases)('joins as pandas merge_asof: $id', ({ params, expected }) => {
    const options: AsOfOptions = {
      ttlMs: params.ttl_ms ?? undefined,
      exactMatch: params.allow_exact_match,
      available: params.respect_created_timestamp,
    };
    const joined = featureHistory(rows).join(asked, options);
    expect([...joined]).toEqual(expected.row_index.map((row) => row ?? -1));
  });

  test('says why there is no value, and never hands out an expired one', () => {
    const history = featureHistory({ keys: ['a'], times: [1_000], created: [5_000] });
    expect(history.at('a', 2_000, { ttlMs: 1_000 })).toEqual({ status: 'present', row: 0, ageMs: 1_000 });
    expect(history.at('a', 2_001, { ttlMs: 1_000 })).toEqual({ status: 'outside-ttl', ageMs: 1_001 });
    expect(history.at('a', 999)).toEqual({ status: 'missing' });
    expect(history.at('b', 2_000)).toEqual({ status: 'missing' });
    expect(history.at('a', 2_000, { available: true })).toEqual({ status: 'missing' });
    expect(history.at('a', 1_000, { ttlMs: 0 })).toMatchObject({ status: 'present' });
  });

  test('refuses columns that do not fit', () => {
    expect(() => featureHistory({ keys: ['a'], times: [] })).toThrow(/1 times/);
    expect(() => featureHistory({ keys: ['a'], times: [Number.NaN] })).toThrow(/times\[0\]/);
    expect(() => featureHistory({ keys: ['a'], times: [1] }).at('a', 1, { available: true })).toThrow(/created/);
    expect(() => featureHistory({ keys: ['a'], times: [1] }).at('a', 1, { ttlMs: -1 })).toThrow(/ttlMs/);
  });

  test('property: as a plain look at every row', () => {
    const row = fc.record({ key: fc.constantFrom('a', 'b'), time: fc.nat(20), created: fc.nat(25) });
    const options = fc.record({
      ttlMs: fc.option(fc.nat(10), { nil: undefined }),
      exactMatch: fc.boolean(),
      available: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), row, options, (all, ask, o) => {
        const best = all
          .map((r, i) => ({ ...r, i }))
          .filter((r) => r.key === ask.key && (r.time < ask.time || (o.exactMatch && r.time === ask.time)))
          .filter((r) => !o.available || r.created <= ask.time)
          .sort((x, y) => x.time - y.time || x.created - y.created || x.i - y.i)
          .at(-1);
        const expected =
          best === undefined || ask.time - best.time > (o.ttlMs ?? Number.POSITIVE_INFINITY) ? -1 : best.i;
        const history = featureHistory({
          keys: all.map((r) => r.key),
          times: all.map((r) => r.time),
          created: all.map((r) => r.created),
        });
        expect(history.join({ keys: [ask.key], times: [ask.time] }, o)[0]).toBe(expected);
      }),
    );
  });
});

describe('parity', () => {
  test('of the same features is what core measures', () => {
    const [a, b] = [tableFrom({ id: ['x'], f: [1] }), tableFrom({ id: ['y'], f: [1] })];
    expect(featureSkew(a, b, { id: 'id' })).toMatchObject({ verdict: 'insufficient', need: { rows: 1 } });
    expect(featureSkew(a, a, { id: 'id' })).toMatchObject({ verdict: 'pass', matchedRows: 1 });
    expect(featureSkew(a, tableFrom({ id: ['x'], f: [2] }), { id: 'id' }).features.get('f')).toMatchObject({
      verdict: 'fail',
      mismatch: 1,
      samples: ['x'],
    });
  });
});

describe('features', () => {
  const define = (evening = 18, options = {}) =>
    defineFeatures(
      'flight-features',
      {
        evening: feature({ hour: 'number' }, ({ hour }) => hour >= evening),
        route: feature({ origin: 'category', destination: 'category' }, (f) => `${f.origin}-${f.destination}`),
        haul: feature({ miles: 'number', direct: 'boolean' }, ({ miles, direct }) => (direct ? Math.log(miles) : -1)),
      },
      options,
    );

  test('have one digest, that changes with what they compute for the probe rows', () => {
    const probe = [{ hour: 18, miles: 300, direct: true }];
    expect(define(18, { probe }).digest).toBe(define(18, { probe }).digest);
    expect(define(19, { probe }).digest).not.toBe(define(18, { probe }).digest);
    expect(define(18, { version: 2 }).digest).not.toBe(define().digest);
  });

  test('refuse inputs of another type, and a set of nothing', () => {
    expect(() => define().row({ hour: '7' })).toThrow(/hour/);
    expect(() => define().table(tableFrom({ hour: [1] }))).toThrow(expect.objectContaining({ code: 'table/column' }));
    expect(() => defineFeatures('x', {})).toThrow(/at least one/);
  });

  test('property: are the same offline and online, nulls included', () => {
    const row = fc.record({
      hour: fc.option(fc.integer({ min: 0, max: 23 })),
      miles: fc.option(fc.double({ min: 1, max: 5_000, noNaN: true })),
      direct: fc.option(fc.boolean()),
      origin: fc.option(fc.constantFrom('MCI', 'ORD')),
      destination: fc.option(fc.constantFrom('MCI', 'JFK')),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const all = [...rows, { hour: 1, miles: 1, direct: true, origin: 'A', destination: 'B' }];
        const names = Object.keys(all[0]!) as (keyof (typeof all)[0])[];
        const table = tableFrom(Object.fromEntries(names.map((name) => [name, all.map((r) => r[name])])));
        const offline = define().table(table);
        all.forEach((r, i) => {
          expect(rowOf(offline, i)).toEqual(define().row(r));
        });
      }),
    );
  });
});
