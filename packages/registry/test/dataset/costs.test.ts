import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assetCosts, datasetRetention } from '../../src/dataset/index.js';
import { desk, files, HOUR } from '../desk.js';

const DAY = 24 * HOUR;
const bytes = (size: number, fill = 1) => ({ files: { 'rows.bin': new Uint8Array(size).fill(fill) } });

test('an asset costs what it took to store and to compute, with everything that it was made from', async () => {
  const { registry, clock } = await desk();
  const costs = await assetCosts(registry);
  const raw = await registry.datasets.add('flights', bytes(1_000), { layer: 'raw' });
  const clean = await registry.runs.start('clean', { uses: [raw] });
  const curated = await registry.datasets.add('flights', bytes(500), {
    layer: 'curated',
    madeFrom: [raw],
    madeBy: clean,
  });
  const train = await registry.runs.start('train', { uses: [curated] });
  const version = await registry.models.register('m', { files: files('m'), madeBy: train, owner: 'ops' });
  await costs.record(clean, { amount: 0.25, what: 'cpu' });
  await costs.record(train, { amount: 10, what: 'gpu' });
  await costs.record(train, { amount: 2.5, what: 'labelling' });

  expect(costs.of(curated).total).toEqual({ compute: 0.25, bytes: 1_500, storage: 0, amount: 0.25 });
  const whole = costs.of(version);
  expect(whole.own).toMatchObject({ compute: 0, bytes: version.size });
  // The two ways from the raw data to the model do not make it count twice.
  expect(whole.total).toMatchObject({ compute: 12.75, bytes: 1_500 + version.size });
  expect(whole.parts[0]).toMatchObject({ node: train.node, compute: 12.5 });

  await clock.advance(10 * DAY);
  const priced = costs.of(curated, { at: clock.now(), gibibyteDay: 2 ** 30 / 1_000 });
  expect(priced.total.storage).toBeCloseTo(15, 3);
  expect(priced.total.amount).toBeCloseTo(15.25, 3);
});

test('what is deleted costs nothing from then on, and shared content counts once', async () => {
  const { registry, clock } = await desk();
  const [costs, retention] = [await assetCosts(registry), await datasetRetention(registry)];
  const first = await registry.datasets.add('a', bytes(1_000), { layer: 'raw' });
  const twin = await registry.datasets.add('b', bytes(1_000), { layer: 'staged', madeFrom: [first] });
  expect(costs.of(twin)).toMatchObject({ own: { bytes: 0 }, total: { bytes: 1_000 } });
  await clock.advance(DAY);
  await retention.delete(first, { reason: 'asked for' });
  const price = { gibibyteDay: 2 ** 30 / 1_000 };
  expect(costs.of(first, { at: clock.now() + 9 * DAY, ...price }).own.storage).toBeCloseTo(1, 3);
});

test('refuses amounts that are none and nodes that nobody knows', async () => {
  const { registry } = await desk();
  const costs = await assetCosts(registry);
  const raw = await registry.datasets.add('a', { rowCount: 1 }, { layer: 'raw' });
  for (const amount of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(costs.record(raw, { amount, what: 'cpu' })).rejects.toMatchObject({ code: 'input/invalid' });
  await expect(costs.record('run:x@1', { amount: 1, what: 'cpu' })).rejects.toMatchObject({ code: 'state/not-found' });
  expect(() => costs.of('run:x@1')).toThrow(expect.objectContaining({ code: 'state/not-found' }));
  expect(costs.of(raw).total).toEqual({ compute: 0, bytes: 0, storage: 0, amount: 0 });
});

test('property: the last of a chain costs the sum of its links, to the millionth', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 6 }),
      async (micros) => {
        const { registry } = await desk();
        const costs = await assetCosts(registry);
        let before: { readonly node: string } | undefined;
        for (const cost of micros) {
          before = await registry.runs.start('step', before === undefined ? {} : { uses: [before] });
          await costs.record(before, { amount: cost / 1e6, what: 'cpu' });
        }
        const total = micros.reduce((a, b) => a + b, 0) / 1e6;
        expect(costs.of(before!).total.amount).toBeCloseTo(total, 6);
      },
    ),
    { numRuns: 20 },
  );
});
