import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelVersion, Page, Registry, VersionFilter } from '../../src/index.js';
import { desk, files } from '../desk.js';

async function catalogue() {
  const { registry } = await desk();
  for (const [name, owner, risk] of [
    ['fraud', 'payments', 'high'],
    ['flight-delay', 'ops', 'limited'],
    ['flight-price', 'ops', 'limited'],
  ] as const)
    await registry.models.create(name, { owner, risk, tags: { domain: name.startsWith('flight') ? 'air' : 'cards' } });
  for (let i = 1; i <= 12; i++) {
    const name = ['fraud', 'flight-delay', 'flight-price'][i % 3]!;
    await registry.models.register(name, {
      files: files(String(i)),
      metrics: i % 4 === 0 ? { auc: Number.NaN } : { auc: 0.5 + i / 100 },
      tags: { stack: i % 2 === 0 ? 'onnx' : 'wasm', '%_': 'percent' },
    });
  }
  await registry.models.moveAlias('fraud', 'champion', 'fraud@2', { reason: 'go' });
  return registry;
}

const ids = (page: Page<{ readonly id: string }>) => page.items.map((v) => v.id);

describe('searching', () => {
  test('filters by model, owner, tags, alias, stage and metrics', async () => {
    const { models } = await catalogue();
    expect(ids(models.search({ model: 'fraud' }))).toEqual(['fraud@4', 'fraud@3', 'fraud@2', 'fraud@1']);
    expect(ids(models.search({ alias: 'champion' }))).toEqual(['fraud@2']);
    expect(ids(models.search({ stage: 'serving' }))).toEqual(['fraud@2']);
    expect(models.search({ owner: 'ops' }).items).toHaveLength(8);
    expect(models.search({ tags: { stack: 'onnx' } }).items).toHaveLength(6);
    expect(models.search({ tags: { '%_': '*' } }).items).toHaveLength(12);
    expect(models.search({ tags: { absent: '*' } }).items).toEqual([]);
    const good = models.search({ metrics: { auc: { atLeast: 0.57, atMost: 0.6 } } });
    expect(good.items.every((v) => v.metrics['auc']! >= 0.57 && v.metrics['auc']! <= 0.6)).toBe(true);
    expect(models.search({ metrics: { auc: {} } }).items).toHaveLength(9);
    expect(models.search({ model: 'nope' }).items).toEqual([]);
    expect(models.search({ registeredBy: 'maria', kind: 'model' }).items).toHaveLength(12);
  });

  test('lists models by owner, risk, tag and part of the name', async () => {
    const { models } = await catalogue();
    const names = (filter: Parameters<Registry['models']['list']>[0]) =>
      models.list(filter, { order: 'oldest' }).items.map((m) => m.name);
    expect(names({})).toEqual(['fraud', 'flight-delay', 'flight-price']);
    expect(names({ owner: 'ops', nameContains: 'price' })).toEqual(['flight-price']);
    expect(names({ risk: 'high' })).toEqual(['fraud']);
    expect(names({ tags: { domain: 'air' } })).toEqual(['flight-delay', 'flight-price']);
  });

  test('refuses limits and cursors that are none', async () => {
    const { models } = await catalogue();
    for (const options of [{ limit: 0 }, { limit: 1.5 }, { limit: 1_001 }, { after: 'x' }, { after: 'oldest:3' }])
      expect(() => models.search({}, options)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  test('property: pages of any size hold everything once, in order, also while others register', async () => {
    const registry = await catalogue();
    const { models } = registry;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('newest' as const, 'oldest' as const),
        async (limit, order) => {
          const before = ids(models.search({ tags: { stack: 'onnx' } }, { order, limit: 1_000 }));
          const seen: ModelVersion[] = [];
          let after: string | undefined;
          do {
            const page = models.search({ tags: { stack: 'onnx' } }, { order, limit, after });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            seen.push(...page.items);
            after = page.next;
            if (seen.length <= 2) await models.register('fraud', { files: files('late'), tags: { stack: 'onnx' } });
          } while (after !== undefined);
          const all = seen.map((v) => v.id);
          expect(new Set(all).size).toBe(all.length);
          expect(all.filter((id) => before.includes(id))).toEqual(before);
          if (order === 'newest') expect(all).toEqual(before);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('property: finds what a plain look at every version finds', async () => {
    const registry = await catalogue();
    const { models } = registry;
    const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const filters = fc.record({
      model: some(fc.constantFrom('fraud', 'flight-delay')),
      owner: some(fc.constantFrom('ops', 'payments')),
      alias: some(fc.constantFrom('champion', 'canary')),
      stage: some(fc.constantFrom('registered', 'serving', 'approved', 'validated', 'deprecated')),
      tags: some(fc.dictionary(fc.constantFrom('stack', 'hot'), fc.constantFrom('onnx', 'wasm', '*'))),
      metrics: some(
        fc.record({
          auc: fc.record({
            atLeast: some(fc.double({ min: 0.5, max: 0.6 })),
            atMost: some(fc.double({ min: 0.5, max: 0.7 })),
          }),
        }),
      ),
    });
    const change = fc.record({
      at: fc.nat({ max: 11 }),
      what: fc.constantFrom('hot', 'cold', 'approve', 'pass', 'fail', 'deprecate', 'champion', 'canary'),
    });
    await fc.assert(
      fc.asyncProperty(filters, fc.array(change, { maxLength: 3 }), async (filter, changes) => {
        for (const { at, what } of changes) {
          const version = models.search({}, { order: 'oldest' }).items[at]!;
          if (what === 'hot') await models.tag(version, { hot: 'onnx', stack: 'wasm' });
          else if (what === 'cold') await models.tag(version, { hot: null });
          else if (what === 'approve')
            await models.approve(version, { role: 'risk', reason: 'ok' }).catch(() => undefined);
          else if (what === 'pass' || what === 'fail')
            await models.attachEvidence(version, { kind: 'gate', verdict: what });
          else if (what === 'deprecate') await models.deprecate(version, { reason: 'old' });
          else await models.moveAlias(version.model, what, version, { reason: 'go' }).catch(() => undefined);
        }
        const { model, owner, alias, stage, tags = {}, metrics } = filter;
        const plain = models.search({}, { order: 'oldest' }).items.filter((v) => {
          const auc = v.metrics['auc'] ?? Number.NaN;
          return (
            (model === undefined || v.model === model) &&
            (owner === undefined || models.get(v.model).owner === owner) &&
            (alias === undefined || v.aliases.includes(alias)) &&
            (stage === undefined || v.stage === stage) &&
            Object.entries(tags).every(
              ([key, value]) => v.tags[key] === value || (value === '*' && v.tags[key] !== undefined),
            ) &&
            (metrics === undefined || (auc >= (metrics.auc.atLeast ?? -1) && auc <= (metrics.auc.atMost ?? 2)))
          );
        });
        const found = models.search(filter as VersionFilter, { order: 'oldest' });
        expect(ids(found)).toEqual(plain.map((v) => v.id));
      }),
      { numRuns: 150 },
    );
  });
});

describe('ordered by a metric', () => {
  test('property: pages from either end are the sorted versions, whatever comes between', async () => {
    const value = fc.oneof(fc.constantFrom(0, 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY), fc.double());
    const metrics = fc.record({ auc: value }, { requiredKeys: [] });
    const first = fc.constantFrom('lowest' as const, 'highest' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(metrics, { maxLength: 24 }),
        first,
        fc.integer({ min: 1, max: 5 }),
        async (all, end, limit) => {
          const { registry } = await desk();
          const { models } = registry;
          await models.create('m', { owner: 'x' });
          const order = { metric: 'auc', first: end };
          for (const [i, metrics] of all.entries()) {
            await models.register('m', { files: files('same'), metrics, tags: { half: String(i % 2) } });
            if (i === 3) models.search({}, { order });
          }
          for (const filter of [{}, { tags: { half: '1' } }]) {
            const found: ModelVersion[] = [];
            let after: string | undefined;
            do {
              const page = models.search(filter, { order, limit, after });
              found.push(...page.items);
              after = page.next;
            } while (after !== undefined);
            const kept = models.versions('m').filter((v) => (filter.tags?.half ?? v.tags['half']) === v.tags['half']);
            const auc = (v: ModelVersion) => v.metrics['auc'] ?? Number.NaN;
            const plain = kept
              .filter((v) => !Number.isNaN(auc(v)))
              .sort((a, b) => (auc(a) === auc(b) ? a.number - b.number : auc(a) < auc(b) ? -1 : 1));
            if (end === 'highest') plain.reverse();
            expect(found.map((v) => v.id)).toEqual(plain.map((v) => v.id));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a cursor stays where it is while others register, and belongs to its order', async () => {
    const { models } = await catalogue();
    const order = { metric: 'auc', first: 'highest' } as const;
    const page = models.search({ owner: 'ops' }, { order, limit: 3 });
    await models.register('flight-delay', { files: files('x'), metrics: { auc: 0.99 } });
    await models.register('flight-delay', { files: files('y'), metrics: { auc: 0.01 } });
    const rest = models.search({ owner: 'ops' }, { order, after: page.next });
    const values = [...page.items, ...rest.items].map((v) => v.metrics['auc']!);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect([values.length, values.at(-1)]).toEqual([7, 0.01]);
    expect(models.search({}, { order: { metric: 'nope', first: 'lowest' } }).items).toEqual([]);
    for (const after of [page.next?.replace('highest', 'lowest'), 'newest:3', 'highest:x:3', 'highest::3'])
      expect(() => models.search({}, { order, after })).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  test('an owner finds the models that came to them, and not those that left', async () => {
    const { models } = await catalogue();
    const before = ids(models.search({ owner: 'ops' }));
    await models.change('flight-price', { owner: 'payments' });
    await models.register('flight-price', { files: files('z') });
    expect(ids(models.search({ owner: 'ops' }))).toEqual(before.filter((id) => id.startsWith('flight-delay')));
    const theirs = ids(models.search({ owner: 'payments' }));
    expect(theirs.filter((id) => id.startsWith('flight-price'))).toHaveLength(5);
    expect(theirs[0]).toBe('flight-price@5');
  });
});
