import { digestJson } from '@millwright/core';
import { impact } from '@millwright/core/lineage';
import { profileTable } from '@millwright/core/profile';
import { concatTables, sliceTable, tableFrom } from '@millwright/core/table';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tableDigest } from '../../src/dataset/index.js';
import { datasetsProjection } from '../../src/index.js';
import { desk, files } from '../desk.js';

const table = () =>
  tableFrom({ hour: Int32Array.of(7, 17, 23), origin: ['MCI', null, 'ORD'], late: [true, false, null] });

describe('datasets', () => {
  test('stand in layers, each version immutable, with where it came from', async () => {
    const { registry } = await desk();
    const raw = await registry.datasets.add(
      'flights',
      { files: { 'flights.csv': new TextEncoder().encode('hour,late\n7,1\n') } },
      { layer: 'raw', origin: 'bts.gov', sourceTimes: { from: 0, until: 100 }, rowCount: 1 },
    );
    expect(raw).toMatchObject({
      id: 'flights@1',
      node: 'dataset:flights@1',
      stored: true,
      size: 14,
      rowCount: 1,
      layer: 'raw',
    });
    const bytes = await (await registry.datasets.open(raw)).bytes('flights.csv');
    expect(bytes.byteLength).toBe(14);
    const clean = await registry.runs.start('clean', { uses: [raw] });
    const january = await registry.datasets.add('flights', table(), {
      layer: 'curated',
      madeFrom: [raw],
      madeBy: clean,
      validation: { verdict: 'pass', digest: digestJson('report') },
      madeWith: { taxonomy: 'cause@2', transform: 'git:1a2b' },
    });
    expect(january).toMatchObject({
      id: 'flights@2',
      stored: false,
      rowCount: 3,
      schema: { hour: 'i32', late: 'bool', origin: 'dictionary' },
      madeFrom: ['dataset:flights@1'],
      madeBy: 'clean@1',
      validation: { verdict: 'pass' },
      madeWith: { taxonomy: 'cause@2', transform: 'git:1a2b' },
    });
    await registry.models.register('flight-delay', { files: files('x'), madeFrom: [january], owner: 'ops' });
    expect(impact(registry.lineage, raw.node, 'model').map((n) => n.id)).toEqual(['model:flight-delay@1']);
    await expect(registry.datasets.open(january)).rejects.toMatchObject({ code: 'state/not-found' });
    expect(registry.datasets.versions('flights').map((d) => d.number)).toEqual([1, 2]);
    expect(registry.datasets.list({ layer: 'raw' })).toEqual([]);
    expect(registry.datasets.list().map((d) => d.id)).toEqual(['flights@2']);
  });

  test('keep the profile of a table, for monitors of today and of next year', async () => {
    const { registry } = await desk();
    const { profile, id } = await registry.datasets.add('flights', table(), { layer: 'curated' });
    expect(profile?.digest).toBe(profileTable(table()).digest);
    expect((await registry.datasets.profile(id)).digest).toBe(profile?.digest);
    const facts = await registry.datasets.add('flights', { rowCount: 9, schema: { hour: 'i32' } }, { layer: 'raw' });
    expect(facts).toMatchObject({ profile: undefined, digest: digestJson({ rowCount: 9, schema: { hour: 'i32' } }) });
    await expect(registry.datasets.profile(facts)).rejects.toMatchObject({ code: 'state/not-found' });
  });

  test('are refused when the facts are none', async () => {
    const { registry } = await desk();
    const add = (content: never, options: never) => registry.datasets.add('flights', content, options);
    for (const [content, options] of [
      [{ rowCount: -1 }, { layer: 'raw' }],
      [{ rowCount: 1 }, { layer: 'gold' }],
      [{ rowCount: 1, digest: 'md5:1' }, { layer: 'raw' }],
      [{ rowCount: 1 }, { layer: 'raw', sourceTimes: { from: 2, until: 1 } }],
      [{ rowCount: 1 }, { layer: 'raw', madeFrom: ['flights'] }],
    ])
      await expect(add(content as never, options as never)).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(registry.datasets.add('Flights!', { rowCount: 1 }, { layer: 'raw' })).rejects.toMatchObject({
      code: 'input/invalid',
    });
    expect(() => registry.datasets.get('flights@1')).toThrow(expect.objectContaining({ code: 'state/not-found' }));
    expect(registry.datasets.find('flights@1')).toBeUndefined();
  });

  test('that a raw event describes wrongly are passed over', async () => {
    const { registry } = await desk();
    const events = [
      {
        type: 'dataset.added',
        data: { name: 'flights', number: 2, layer: 'raw', digest: digestJson(1), stored: false },
      },
      { type: 'dataset.added', data: { name: 'flights', number: 1, layer: 'raw' } },
    ];
    await registry.ledger.commit(() => ({ events, result: undefined }));
    expect(registry.datasets.versions('flights')).toEqual([]);
    expect(registry.ledger.faults(datasetsProjection)).toBe(0);
  });
});

describe('the digest of a table', () => {
  test('changes with any value, name, type or null', async () => {
    const base = { a: Int32Array.of(1, 2), b: ['x', 'y'] };
    const others = [
      { a: Int32Array.of(1, 3), b: ['x', 'y'] },
      { a: Float64Array.of(1, 2), b: ['x', 'y'] },
      { a: Int32Array.of(1, 2), b: ['x', null] },
      { a: Int32Array.of(1, 2), b: ['y', 'x'] },
      { a: Int32Array.of(1, 2), c: ['x', 'y'] },
      { a: Int32Array.of(1, 2) },
    ];
    const digests = await Promise.all([base, ...others].map((columns) => tableDigest(tableFrom(columns as never))));
    expect(new Set(digests).size).toBe(digests.length);
  });

  test('property: does not depend on chunks, dictionaries or the order of columns', async () => {
    const row = fc.record({
      n: fc.option(fc.double()),
      s: fc.option(fc.constantFrom('a', 'b', '', 'é')),
      f: fc.option(fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), fc.nat(), async (rows, at) => {
        const n = rows.map((r) => r.n);
        const s = rows.map((r) => r.s);
        const f = rows.map((r) => r.f);
        const whole = tableFrom({ n, s, f });
        const cut = at % rows.length;
        const parts = [sliceTable(whole, 0, cut), tableFrom({ f: f.slice(cut), s: s.slice(cut), n: n.slice(cut) })];
        const kinds = (t: typeof whole) => [...t.columns.values()].map((c) => c.type).join();
        fc.pre(kinds(parts[1]!).split(',').sort().join() === kinds(whole).split(',').sort().join());
        expect(await tableDigest(concatTables(parts.filter((p) => p.rowCount > 0)))).toBe(await tableDigest(whole));
      }),
      { numRuns: 100 },
    );
  });
});
