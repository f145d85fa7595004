import { ancestors } from '@millwright/core/lineage';
import { expect, test } from 'vitest';
import { openRegistry, reproduction, runsProjection } from '../../src/index.js';
import { desk, files } from '../desk.js';

test('a run records what it used, its parameters, its metrics by step, and how it ended', async () => {
  const { registry } = await desk();
  const raw = await registry.datasets.add('flights', { rowCount: 10 }, { layer: 'raw' });
  const run = await registry.runs.start('train', {
    uses: [raw, 'feature:hour@1', raw],
    parameters: { rate: 0.1, layers: [8, 4] },
    seeds: [42],
    code: 'git:abc123',
    environment: { node: 'v20' },
  });
  expect(run.id).toBe('train@1');
  await run.log({ loss: 0.9 }, { step: 0 });
  await run.log({ loss: 0.4, auc: 0.7 }, { step: 10 });
  await run.log({ loss: 0.3 });
  const record = await run.finish('succeeded', { metrics: { auc: 0.72 } });
  expect(record).toMatchObject({
    status: 'succeeded',
    uses: ['dataset:flights@1', 'feature:hour@1'],
    parameters: { rate: 0.1, layers: [8, 4] },
    seeds: [42],
    metrics: { loss: 0.3, auc: 0.72 },
    startedBy: 'maria',
  });
  expect(registry.runs.points(run, 'loss').map((p) => [p.step, p.value])).toEqual([
    [0, 0.9],
    [10, 0.4],
    [11, 0.3],
  ]);
  expect(registry.runs.points(run, 'nope')).toEqual([]);
  expect(ancestors(registry.lineage, run.node).map((n) => n.id)).toEqual(['dataset:flights@1', 'feature:hour@1']);
});

test('a run that looks bad is logged as it is', async () => {
  const { registry } = await desk();
  const run = await registry.runs.start('train');
  await run.log({ loss: Number.NaN, perplexity: Number.POSITIVE_INFINITY, tokens: 2 ** 60, small: 1e-300 });
  expect(run.record.metrics).toEqual({
    loss: Number.NaN,
    perplexity: Number.POSITIVE_INFINITY,
    tokens: 2 ** 60,
    small: 1e-300,
  });
  await expect(run.log({ loss: 'low' as never })).rejects.toMatchObject({ code: 'input/invalid' });
});

test('a run whose block is left unfinished is recorded as crashed', async () => {
  const { registry } = await desk();
  const boom = async () => {
    await using run = await registry.runs.start('train');
    await run.log({ loss: 1 });
    throw new RangeError('out of memory');
  };
  await expect(boom()).rejects.toThrow('out of memory');
  expect(registry.runs.get('train@1').status).toBe('crashed');
  {
    await using run = await registry.runs.start('train');
    await run.finish('failed', { reason: 'no convergence' });
  }
  expect(registry.runs.get('train@2')).toMatchObject({ status: 'failed', reason: 'no convergence' });
});

test('a run ends once', async () => {
  const { registry } = await desk();
  const run = await registry.runs.start('train');
  await run.finish('succeeded');
  await run.finish('succeeded');
  await expect(run.finish('failed')).rejects.toMatchObject({ code: 'state/precondition' });
  await expect(run.log({ loss: 1 })).rejects.toMatchObject({ code: 'state/precondition' });
  await expect(run.finish('done' as never)).rejects.toMatchObject({ code: 'input/invalid' });
});

test('a run can be ended by another process, and has a parent that exists', async () => {
  const { registry, storage, clock } = await desk();
  const parent = await registry.runs.start('sweep');
  const child = await registry.runs.start('train', { parent });
  expect(child.record.parent).toBe('sweep@1');
  await expect(registry.runs.start('train', { parent: 'sweep@9' })).rejects.toMatchObject({ code: 'state/not-found' });
  const other = await openRegistry(storage, { actor: 'janitor', clock });
  await other.runs.open('train@1').finish('crashed', { reason: 'no sign of life' });
  await expect(child.log({ loss: 1 })).rejects.toMatchObject({ code: 'state/precondition' });
  expect(() => other.runs.open('train@7')).toThrow(expect.objectContaining({ code: 'state/not-found' }));
});

test('runs are listed by name, status and tags, and compared side by side', async () => {
  const { registry } = await desk();
  const a = await registry.runs.start('train', { parameters: { rate: 0.1, depth: 3 }, tags: { sweep: 'x' } });
  const b = await registry.runs.start('train', { parameters: { rate: 0.2, depth: 3, __proto__: 1 } });
  await a.log({ auc: 0.7 });
  await b.finish('failed', { metrics: { loss: 2 } });
  expect(registry.runs.list({ name: 'train', status: 'failed' }).map((r) => r.id)).toEqual(['train@2']);
  expect(registry.runs.list({ tags: { sweep: 'x' } }).map((r) => r.id)).toEqual(['train@1']);
  expect(registry.runs.list()).toHaveLength(2);
  const { parameters, metrics } = registry.runs.compare([a, 'train@2']);
  expect([...parameters]).toEqual([['rate', [0.1, 0.2]]]);
  expect([...metrics]).toEqual([
    ['auc', [0.7, undefined]],
    ['loss', [undefined, 2]],
  ]);
});

test('a run keeps files under names; the newest counts, and they are read verified', async () => {
  const { registry, storage, clock } = await desk();
  const run = await registry.runs.start('train');
  await run.keep('checkpoint', files('epoch 1'));
  const kept = await run.keep('checkpoint', files('epoch 2'));
  await run.keep('loss curve', { 'loss.svg': new TextEncoder().encode('<svg/>') });
  expect(run.record.artifacts.map(({ name, size }) => [name, size])).toEqual([
    ['checkpoint', 18],
    ['loss curve', 6],
  ]);
  const artifact = await registry.runs.artifact(run, 'checkpoint');
  expect(new TextDecoder().decode(await artifact.bytes('model.onnx'))).toBe('weights of epoch 2');
  expect(ancestors(registry.lineage, `artifact:${kept.digest}`).map(({ id }) => id)).toEqual(['run:train@1']);

  await run.finish('succeeded');
  await expect(run.keep('late', files('x'))).rejects.toMatchObject({ code: 'state/precondition' });
  await expect(registry.runs.artifact(run, 'late')).rejects.toMatchObject({ code: 'state/not-found' });
  await registry.ledger.checkpoint();
  const other = await openRegistry(storage, { actor: 'ravi', clock });
  expect(other.runs.get(run)).toEqual(registry.runs.get(run));
});

test('the record for doing a run again names what nobody recorded', async () => {
  const { registry } = await desk();
  const raw = await registry.datasets.add('flights', { files: { 'a.csv': new Uint8Array(9) } }, { layer: 'raw' });
  const set = { uses: [raw], parameters: { rate: 0.1 }, seeds: [7], code: 'git:abc', environment: { node: 'v20' } };
  const run = await registry.runs.start('train', set);
  await run.keep('checkpoint', files('epoch 1'));
  await run.finish('succeeded', { metrics: { auc: 0.7 } });
  const version = await registry.models.register('spam', { files: files('spam'), madeBy: run, owner: 'mail' });
  const record = reproduction(registry, run);
  expect(record).toMatchObject({
    run: 'train@1',
    ...{ code: 'git:abc', seeds: [7], parameters: { rate: 0.1 }, environment: { node: 'v20' }, metrics: { auc: 0.7 } },
    inputs: [{ node: 'dataset:flights@1', digest: raw.digest }],
    missing: [],
  });
  expect(record.outputs).toEqual([
    { node: `artifact:${run.record.artifacts[0]!.digest}`, digest: run.record.artifacts[0]!.digest },
    { node: 'model:spam@1', digest: version.artifact },
  ]);
  const again = await registry.runs.start('train', set);
  expect(reproduction(registry, again).digest).toBe(record.digest);
  const bare = await registry.runs.start('train', { uses: ['dataset:elsewhere@1'] });
  expect(reproduction(registry, bare).missing).toEqual([
    'code',
    'seeds',
    'environment',
    'digest of dataset:elsewhere@1',
  ]);
  expect(() => reproduction(registry, 'train@9')).toThrow(expect.objectContaining({ code: 'state/not-found' }));
});

test('the fold passes over events that make no sense', async () => {
  const { registry } = await desk();
  const events = [
    { type: 'run.started', data: { name: 'train', number: 2 } },
    { type: 'run.started', data: { name: 'train' } },
    { type: 'run.logged', data: { run: 'train@1', metrics: { loss: 1 } } },
    { type: 'run.logged', data: { run: 'train@1', metrics: { loss: 'high' } } },
    { type: 'run.finished', data: { run: 'constructor@1', status: 'succeeded' } },
    { type: 'run.artifactKept', data: { run: 'train@1', name: 'x', artifact: 'sha256:0', size: 1 } },
  ];
  await registry.ledger.commit(() => ({ events, result: undefined }));
  expect(registry.runs.list()).toEqual([]);
  expect(registry.ledger.faults(runsProjection)).toBe(0);
});
