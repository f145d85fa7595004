import { memoryHint, memoryStorage } from '@millwright/core/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../src/index.js';
import {
  compareTaxonomies,
  defineTaxonomy,
  taxonomies,
  taxonomiesProjection,
  upgradeLabel,
} from '../../src/label/index.js';
import { desk } from '../desk.js';

const node = (id: string, parent?: string, guide?: string) => ({ id, label: id, parent, guide });
const FIRST = defineTaxonomy('cause', [
  node('delay'),
  node('snow', 'delay'),
  node('wind', 'delay'),
  node('crew', 'delay'),
]);

describe('a change of a taxonomy', () => {
  test('says what was added, renamed, merged and reworded, and does not break what was labelled', () => {
    const second = defineTaxonomy(
      'cause',
      [node('delay'), node('storm', 'delay'), node('staff', 'delay'), node('late', 'delay'), node('air', 'delay')],
      { snow: 'storm', wind: 'storm', crew: 'staff' },
    );
    expect(compareTaxonomies(FIRST, second)).toEqual({
      added: ['late', 'air'],
      renamed: { crew: 'staff' },
      merged: { storm: ['snow', 'wind'] },
      removed: [],
      moved: [],
      reworded: ['crew'],
      breaking: false,
    });
    const guided = defineTaxonomy('cause', [...FIRST.nodes.slice(0, 3), node('crew', 'delay', 'Pilots too.')]);
    expect(compareTaxonomies(FIRST, guided)).toMatchObject({ reworded: ['crew'], breaking: false });
  });

  test('breaks when a label goes or stands elsewhere', () => {
    const gone = defineTaxonomy('cause', FIRST.nodes.slice(0, 3));
    expect(compareTaxonomies(FIRST, gone)).toMatchObject({ removed: ['crew'], breaking: true });
    const moved = defineTaxonomy('cause', [...FIRST.nodes.slice(0, 3), node('airline'), node('crew', 'airline')]);
    expect(compareTaxonomies(FIRST, moved)).toMatchObject({ moved: ['crew'], removed: [], breaking: true });
    // A level in between, or another name of the parent, moves nothing out of what it was counted under.
    const deeper = defineTaxonomy(
      'cause',
      [node('late'), node('people', 'late'), node('crew', 'people'), ...['snow', 'wind'].map((id) => node(id, 'late'))],
      { delay: 'late' },
    );
    expect(compareTaxonomies(FIRST, deeper)).toMatchObject({ moved: [], breaking: false });
    expect(() => compareTaxonomies(FIRST, defineTaxonomy('other', [node('a')]))).toThrow(/a version of `cause`/);
  });

  test('property: labels that are neither removed nor unknown have a successor, and nothing else has', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });
    fc.assert(
      fc.property(ids, ids, fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat()), (old, now, picks) => {
        const before = defineTaxonomy(
          't',
          old.map((id) => node(id)),
        );
        const replaces = Object.fromEntries(Object.entries(picks).map(([id, pick]) => [id, now[pick % now.length]!]));
        const after = defineTaxonomy(
          't',
          now.map((id) => node(id)),
          replaces,
        );
        const { added, renamed, merged, removed, breaking } = compareTaxonomies(before, after);
        for (const id of old) expect(removed.includes(id)).toBe(upgradeLabel(id, [after]) === undefined);
        const reached = new Set(old.map((id) => upgradeLabel(id, [after])));
        expect(added).toEqual(now.filter((id) => !reached.has(id)));
        for (const [from, to] of Object.entries(renamed)) expect(upgradeLabel(from, [after])).toBe(to);
        for (const [to, from] of Object.entries(merged)) {
          expect(from.length).toBeGreaterThan(1);
          for (const id of from) expect(upgradeLabel(id, [after])).toBe(to);
        }
        expect(breaking).toBe(removed.length > 0);
      }),
    );
  });
});

describe('published taxonomies', () => {
  const SECOND = defineTaxonomy('cause', [node('delay'), node('storm', 'delay'), node('crew', 'delay')], {
    snow: 'storm',
    wind: 'storm',
  });
  const THIRD = defineTaxonomy('cause', [node('delay'), node('weather', 'delay')], { storm: 'weather' });

  test('are entries of the ledger, numbered, with the words of today for labels of yesterday', async () => {
    const { registry } = await desk();
    const all = await taxonomies(registry);
    const first = await all.publish(FIRST, { reason: 'Where we start.' });
    expect(first).toMatchObject({
      id: 'cause@1',
      labels: 4,
      breaking: false,
      reason: 'Where we start.',
      publishedBy: 'maria',
    });
    expect(await all.publish(FIRST)).toEqual(first);
    const second = await all.publish(SECOND);
    expect(second.change).toEqual({ added: 0, renamed: 0, merged: 1, removed: 0, moved: 0, reworded: 0 });
    await expect(all.publish(THIRD)).rejects.toMatchObject({ code: 'state/precondition' });
    const third = await all.publish(THIRD, { breaking: true });
    expect(third).toMatchObject({ id: 'cause@3', breaking: true });
    expect(all.versions('cause').map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(all.latest('cause')).toEqual(third);
    expect((await all.open(first)).digest).toBe(FIRST.digest);
    expect(await all.change(third)).toMatchObject({ renamed: { storm: 'weather' }, removed: ['crew'] });
    expect(await all.upgrade(['snow', 'crew'], first)).toEqual(['weather', undefined]);
    expect(await all.upgrade(['snow', 'crew'], 'cause@1', 'cause@2')).toEqual(['storm', 'crew']);
  });

  test('that two people publish at once are not two second versions', async () => {
    const { registry } = await desk();
    const all = await taxonomies(registry);
    await all.publish(FIRST);
    const outcomes = await Promise.allSettled([all.publish(SECOND), all.publish(THIRD, { breaking: true })]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(all.versions('cause')).toHaveLength(2);
  });

  test('come back from a checkpoint; unknown and forged ones do not exist', async () => {
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const registry = await openRegistry(storage, { actor: 'maria' });
    const all = await taxonomies(registry);
    await all.publish(FIRST);
    const { eventIndex: _, publishedAt: __, publishedBy: ___, id: ____, ...facts } = all.get('cause@1');
    for (const data of [{ ...facts, number: 1 }, { ...facts, number: 3 }, { name: 'cause' }])
      await registry.ledger.commit(() => ({ events: [{ type: 'taxonomy.published', data }], result: 0 }));
    expect(all.versions('cause')).toHaveLength(1);
    expect(() => all.get('cause@2')).toThrow(expect.objectContaining({ code: 'state/not-found' }));
    expect(all.latest('other')).toBeUndefined();
    await expect(all.change('cause@1')).rejects.toMatchObject({ code: 'input/invalid' });
    await registry.ledger.checkpoint();
    const again = await openRegistry(storage, { actor: 'reader', projections: [taxonomiesProjection] });
    expect((await taxonomies(again)).versions('cause')).toEqual(all.versions('cause'));
  });
});
