import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Clock, isMillwrightError, sleep } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { createEndpoint, type LoadedModel, type OnnxOptions, onnx, tensor, tensors } from '@millwright/serving';
import { describe, expect, test, vi } from 'vitest';
import { mostWorkers, payingWorkers, roomForSpare } from '../../src/runtime/onnx/pool-size.js';
import { childrenOf, isRunning } from '../support/children.js';
import { artifactOf, logistic, perceptron, resolvedModel, sourceOf } from '../support/models.js';

const feeds = (rows: number, width: number) =>
  tensors({
    x: tensor(
      'float32',
      [rows, width],
      Float32Array.from({ length: rows * width }, (_, i) => (i % 11) / 11),
    ),
  });

describe.each(['worker', 'process'] as const)('a model in a %s', (placement) => {
  test('gives the answers it gives inline, and leaves the feeds alone', async () => {
    const artifact = artifactOf({ 'm.onnx': perceptron([8, 16, 4]) });
    await using inline = await onnx().load(artifact);
    await using hosted = await onnx({ placement, workers: 2 }).load(artifact);
    expect(hosted.facts).toMatchObject({ placement, executionProvider: 'cpu' });
    expect(hosted.concurrency).toBe(2);
    const given = feeds(3, 8);
    const answers = await Promise.all([1, 2, 3, 4].map(() => hosted.run(given)));
    const expected = (await inline.run(given)).get('y');
    for (const answer of answers) expect(answer.get('y')).toEqual(expected);
    expect(given).toEqual(feeds(3, 8));
  });

  test('takes over the memory of feeds that are given to it, where that saves a copy', async () => {
    await using hosted = await onnx({ placement }).load(artifactOf({ 'm.onnx': perceptron([8, 16, 4]) }));
    const expected = (await hosted.run(feeds(3, 8))).get('y');
    const given = feeds(3, 8);
    expect((await hosted.run(given, { transfer: true })).get('y')).toEqual(expected);
    expect(given.get('x')!.data).toHaveLength(placement === 'worker' ? 0 : 24);
    // A part of something larger is copied: the rest is somebody's.
    const larger = new Float32Array(48);
    larger.set(feeds(3, 8).get('x')!.data as Float32Array);
    const part = tensors({ x: tensor('float32', [3, 8], larger.subarray(0, 24)) });
    expect((await hosted.run(part, { transfer: true })).get('y')).toEqual(expected);
    expect(larger).toHaveLength(48);
  });

  test('says what the model says when it fails, and goes on', async () => {
    const { model, node, floats, TYPE } = await import('../support/onnx-writer.js');
    const bytes = model({
      nodes: [node('Gather', ['table', 'i'], ['y'])],
      inputs: [{ name: 'i', type: TYPE.int64, dims: ['rows'] }],
      outputs: [{ name: 'y', type: TYPE.float, dims: ['rows'] }],
      initializers: [floats('table', [2], [5, 6])],
    });
    await using hosted = await onnx({ placement }).load(artifactOf({ 'm.onnx': bytes }));
    const at = (i: bigint) => hosted.run(tensors({ i: tensor('int64', [1], BigInt64Array.of(i)) }));
    await expect(at(99n)).rejects.toMatchObject({ code: 'serving/model-failed' });
    expect((await at(1n)).get('y')!.data[0]).toBe(6);
  });

  test('a row that fails does not take its neighbours along, though their memory has moved', async () => {
    const { model, node, floats, TYPE } = await import('../support/onnx-writer.js');
    const bytes = model({
      nodes: [node('Gather', ['table', 'i'], ['y'])],
      inputs: [{ name: 'i', type: TYPE.int64, dims: ['rows'] }],
      outputs: [{ name: 'y', type: TYPE.float, dims: ['rows'] }],
      initializers: [floats('table', [2], [5, 6])],
    });
    await using endpoint = await createEndpoint<{ i: number }, { y: number }>({
      model: sourceOf(resolvedModel('gather@1', bytes)),
      runtime: onnx({ placement }),
      deadlineMs: 30_000,
    });
    const answers = await Promise.allSettled([0, 1, 99, 1].map((i) => endpoint.predict({ i })));
    expect(
      answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.output.y : answer.reason.code)),
    ).toEqual([5, 6, 'serving/model-failed', 6]);
  });

  test('serves behind an endpoint', async () => {
    const resolved = resolvedModel('m@1', logistic([1, -2], 0.5));
    await using endpoint = await createEndpoint<{ x: number[] }, { score: number }>({
      model: sourceOf(resolved),
      runtime: onnx({ placement }),
    });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => endpoint.predict({ x: [i / 10, 1] })));
    for (const [i, { output }] of answers.entries())
      expect(output.score).toBeCloseTo(1 / (1 + Math.exp(1.5 - i / 10)), 5);
  });

  test('a provider that does not work there is refused with its reason', async () => {
    const error = await onnx({ placement, require: 'cuda' })
      .load(artifactOf({ 'm.onnx': logistic([1], 0) }))
      .catch((e) => e);
    expect(isMillwrightError(error, 'serving/no-provider')).toBe(true);
  });
});

describe.skipIf(process.platform !== 'linux')('the process that stands by', () => {
  /** Loads the model and says which processes that started. */
  async function loaded(options: OnnxOptions = {}) {
    const before = new Set(childrenOf());
    const model = await onnx({ placement: 'process', ...options }).load(
      artifactOf({ 'm.onnx': perceptron([8, 16, 4]) }),
    );
    return { model, started: () => childrenOf().filter((pid) => !before.has(pid)) };
  }

  test('takes over from one that ends, and the next one stands by once it has answered', async () => {
    const { model, started } = await loaded();
    const [engine, spare] = started();
    const answer = await model.run(feeds(3, 8));
    process.kill(engine!, 'SIGKILL');
    await expect(model.run(feeds(3, 8))).rejects.toMatchObject({ code: 'serving/engine-crashed' });
    expect(await model.run(feeds(3, 8))).toEqual(answer);
    const now = started();
    expect(now).toHaveLength(2);
    expect(now).toContain(spare);
    await model.close();
    expect([engine, ...now].filter((pid) => isRunning(pid!))).toEqual([]);
  });

  test('is replaced when it ends itself, but not for ever', async () => {
    const { model, started } = await loaded();
    const [engine, first] = started();
    const spares = [first];
    for (let deaths = 1; deaths <= 3; deaths++) {
      process.kill(spares.at(-1)!, 'SIGKILL');
      const next = () => started().filter((pid) => pid !== engine && !spares.includes(pid));
      await vi.waitFor(() => expect(next()).toHaveLength(1), { timeout: 20_000 });
      spares.push(...next());
    }
    process.kill(spares.at(-1)!, 'SIGKILL');
    await vi.waitFor(() => expect(started()).toEqual([engine]), { timeout: 20_000 });
    expect((await model.run(feeds(3, 8))).size).toBe(1);
    expect(started()).toEqual([engine]);
    await model.close();
    expect(started()).toEqual([]);
  });

  test('may have no session where another copy of the weights is too much', async () => {
    expect(roomForSpare(2, 2, 500e6)).toBe(true);
    expect(roomForSpare(2, 2, 700e6)).toBe(false);
    expect(roomForSpare({ atMost: 2, maxBytes: 1e6 }, 2, 500e3)).toBe(false);
    const { model, started } = await loaded({ workers: { atMost: 1, maxBytes: 1 } });
    const answer = await model.run(feeds(3, 8));
    const [engine, spare] = started();
    process.kill(engine!, 'SIGKILL');
    await vi.waitFor(() => expect(isRunning(engine!)).toBe(false), { timeout: 20_000 });
    expect(await model.run(feeds(3, 8)).catch(() => model.run(feeds(3, 8)))).toEqual(answer);
    expect(started()).toContain(spare);
    await model.close();
    expect(started()).toEqual([]);
  });

  test('is not there for who does not want it', async () => {
    const { model, started } = await loaded({ spare: false });
    expect(started()).toHaveLength(1);
    await model.close();
    expect(started()).toEqual([]);
  });

  test('ends with the process that serves, however that ends', async () => {
    const script = join(import.meta.dirname, '../support/hold-model.ts');
    const host = spawn(process.execPath, ['--import', 'tsx', '--conditions=@millwright/source', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(host.stdout, 'data');
    const engines = childrenOf(host.pid).filter(isRunning);
    expect(engines.length).toBeGreaterThanOrEqual(2);
    host.kill('SIGKILL');
    await vi.waitFor(() => expect(engines.filter(isRunning)).toEqual([]), { timeout: 20_000 });
  });
});

test('weights in other files reach a process', async () => {
  const { model, node, externalInitializer, TYPE } = await import('../support/onnx-writer.js');
  const x = { name: 'x', type: TYPE.float, dims: ['rows', 2] };
  const bytes = model({
    nodes: [node('Add', ['x', 'w'], ['y'])],
    inputs: [x],
    outputs: [{ ...x, name: 'y' }],
    initializers: [externalInitializer('w', [2], { location: 'w.bin' })],
  });
  const side = new Uint8Array(Float32Array.of(10, 20).buffer);
  await using hosted = await onnx({ placement: 'process' }).load(artifactOf({ 'm.onnx': bytes, 'w.bin': side }));
  const answer = await hosted.run(tensors({ x: tensor('float32', [1, 2], Float32Array.of(1, 2)) }));
  expect([...(answer.get('y')!.data as Float32Array)]).toEqual([11, 22]);
});

describe('a pool with limits', () => {
  test('has no more workers than its memory allows', () => {
    expect(mostWorkers({ atMost: 8, maxBytes: 1e9 }, 151e6)).toBe(5);
    expect(mostWorkers({ atMost: 2, maxBytes: 1e9 }, 151e6)).toBe(2);
    expect(mostWorkers({ atMost: 8 }, 9e9)).toBe(1);
    expect(mostWorkers(3, 9e9)).toBe(3);
  });

  /** Runs take 2 ms, as many at a time as there are cores; the rest wait. */
  function machine(cores: number, clock: Clock): LoadedModel {
    let running = 0;
    const waiting: (() => void)[] = [];
    const run = async () => {
      if (running === cores) await new Promise<void>((resolve) => waiting.push(resolve));
      running++;
      await sleep(clock, 2);
      running--;
      waiting.shift()?.();
      return new Map();
    };
    const input = { name: 'x', dtype: 'float32', dims: ['rows', 2] } as const;
    return {
      run,
      signature: { inputs: [input], outputs: [], batch: 'dynamic' },
    } as Partial<LoadedModel> as LoadedModel;
  }

  test.each([1, 2, 3])('of a machine of %i cores has as many workers as pay', async (cores) => {
    const clock = virtualClock(0);
    let found: number | undefined;
    void payingWorkers(machine(cores, clock), 6, clock).then((workers) => {
      found = workers;
    });
    for (let ms = 0; ms < 1_000 && found === undefined; ms++) await clock.advance(1);
    expect(found).toBe(cores);
  });

  test('ends the workers that do not', async () => {
    await using model = await onnx({ placement: 'worker', workers: { atMost: 3 } }).load(
      artifactOf({ 'm.onnx': perceptron([8, 256, 256, 4]) }),
    );
    expect([1, 2, 3]).toContain(model.concurrency);
    await expect(Promise.all([1, 2, 3, 4].map(() => model.run(feeds(3, 8))))).resolves.toHaveLength(4);
  });
});
