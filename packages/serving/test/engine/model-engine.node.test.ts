import { isMillwrightError } from '@millwright/core';
import { onnx, type Row, type TensorMap, tensor, tensors } from '@millwright/serving';
import { describe, expect, test } from 'vitest';
import { defaultCodec } from '../../src/endpoint/codec.js';
import { modelEngine, tensorCodec } from '../../src/engine/index.js';
import type { LoadedModel } from '../../src/runtime/types.js';
import { batchCentred, perceptron, resolvedModel } from '../support/models.js';
import { floats, model, node, TYPE } from '../support/onnx-writer.js';

/** Submits rows to an engine as an endpoint does, and collects the answers. */
async function answersOf(
  bytes: Uint8Array,
  rows: readonly Row[],
  change: (loaded: LoadedModel) => LoadedModel = (m) => m,
  maxBatch = 8,
) {
  const resolved = resolvedModel('m@1', bytes);
  const loaded = change(await onnx().load(resolved.artifact));
  const engine = await modelEngine<Row, Row>(loaded, defaultCodec(resolved, loaded.signature), { maxBatch });
  const batches: number[] = [];
  const answers = await Promise.all(
    rows.map(
      (input) =>
        new Promise<Row>((resolve, reject) => {
          const succeed = (output: Row, batch: number) => {
            batches.push(batch);
            resolve(output);
          };
          engine.submit({
            input,
            context: {},
            deadlineAt: performance.now() + 5_000,
            settled: false,
            succeed,
            fail: reject,
          });
        }),
    ),
  );
  await engine.close();
  return { answers, batches, facts: engine.facts };
}

const rows = (count: number, width: number) =>
  Array.from({ length: count }, (_, i) => ({
    x: Array.from({ length: width }, (_, j) => ((i * width + j) % 13) / 13),
  }));

describe('the model engine', () => {
  test('a batch gives the answers of its rows alone', async () => {
    const bytes = perceptron([6, 12, 3]);
    const batched = await answersOf(bytes, rows(20, 6));
    const alone = await answersOf(bytes, rows(20, 6), undefined, 1);
    expect(batched.batches).toContain(8);
    expect(new Set(alone.batches)).toEqual(new Set([1]));
    for (const [i, { y }] of batched.answers.entries())
      for (const [j, value] of (y as number[]).entries())
        expect(value).toBeCloseTo((alone.answers[i]!['y'] as number[])[j]!, 6);
    expect(batched.facts).toMatchObject({ warm: [1, 2, 4, 8], maxBatch: 8 });
  });

  test('a model whose rows influence each other is not batched, and says why', async () => {
    const { answers, batches, facts } = await answersOf(batchCentred(), rows(5, 2));
    expect(new Set(batches)).toEqual(new Set([1]));
    expect(facts.maxBatch).toBe(1);
    expect(facts.maxBatchReason).toContain('influence');
    for (const [i, { x }] of rows(5, 2).entries()) {
      const [a, b] = x as [number, number];
      expect((answers[i]!['y'] as number[])[0]).toBeCloseTo((a - b) / 2, 6);
    }
  });

  test('a model of a fixed batch is padded up to it', async () => {
    const bytes = model({
      nodes: [node('Mul', ['x', 'two'], ['y'])],
      inputs: [{ name: 'x', type: TYPE.float, dims: [4, 1] }],
      outputs: [{ name: 'y', type: TYPE.float, dims: [4, 1] }],
      initializers: [floats('two', [1], [2])],
    });
    const { answers, facts } = await answersOf(
      bytes,
      Array.from({ length: 6 }, (_, x) => ({ x })),
    );
    expect(answers).toEqual(Array.from({ length: 6 }, (_, x) => ({ y: 2 * x })));
    expect(facts).toMatchObject({ maxBatch: 4, padBatches: true, warm: [4] });
  });

  test('where shapes are compiled, batches are padded to a warm size with copies of a row', async () => {
    const seen = new Set<number>();
    const padding = (loaded: LoadedModel): LoadedModel => ({
      ...loaded,
      facts: { ...loaded.facts, padBatches: true },
      run(feeds: TensorMap) {
        seen.add(feeds.get('x')!.dims[0]!);
        return loaded.run(feeds);
      },
    });
    const { answers } = await answersOf(perceptron([2, 3, 1]), rows(13, 2), padding);
    expect(answers).toHaveLength(13);
    expect([...seen].every((size) => [1, 2, 4, 8].includes(size))).toBe(true);
  });

  test('requests of several rows share runs, are split where they are too long, and come back whole', async () => {
    const loaded = await onnx().load(resolvedModel('m@1', perceptron([4, 8, 2])).artifact);
    const engine = await modelEngine(loaded, tensorCodec(), { maxBatch: 8 });
    const x = (rows: number, from: number) =>
      tensors({
        x: tensor(
          'float32',
          [rows, 4],
          Float32Array.from({ length: 4 * rows }, (_, i) => (from + i) / 50),
        ),
      });
    const ask = (input: TensorMap) =>
      new Promise<{ output: TensorMap; batch: number }>((resolve, reject) => {
        const succeed = (output: TensorMap, batch: number) => resolve({ output, batch });
        engine.submit({
          input,
          context: {},
          deadlineAt: performance.now() + 5_000,
          settled: false,
          succeed,
          fail: reject,
        });
      });
    const inputs = [x(3, 0), x(21, 5), x(1, 9), x(4, 2)];
    const answers = await Promise.all(inputs.map(ask));
    for (const [i, { output, batch }] of answers.entries()) {
      const direct = (await loaded.run(inputs[i]!)).get('y')!;
      expect(output.get('y')!.dims).toEqual(direct.dims);
      for (const [j, value] of (output.get('y')!.data as Float32Array).entries())
        expect(value).toBeCloseTo(direct.data[j] as number, 6);
      expect(batch).toBeLessThanOrEqual(8);
    }
    // 3 rows and 8 of the long one fill more than a run; the single row rides along.
    expect(engine.stats()).toMatchObject({ rows: 29 });
    expect(engine.stats().runs).toBeLessThanOrEqual(6);
    const refused = await ask(x(0, 0)).catch((error) => error);
    expect(isMillwrightError(refused, 'serving/tensor')).toBe(true);
    // One part that fails fails its request, once, and nobody else's.
    const wrong = tensors({ x: tensor('float32', [20, 3], new Float32Array(60)) });
    const settled = await Promise.allSettled([ask(wrong), ask(x(2, 0))]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(engine.inFlight).toBe(0);
    await engine.close();
  });
});
