import { isMillwrightError } from '@millwright/core';
import { onnx, tensor, tensors } from '@millwright/serving';
import { describe, expect, test } from 'vitest';
import { artifactOf, logistic, lookup, perceptron } from '../support/models.js';

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const features = (values: readonly number[], width: number) =>
  tensors({ x: tensor('float32', [values.length / width, width], Float32Array.from(values)) });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return isMillwrightError(error) ? error.code : String(error);
  }
  return 'nothing thrown';
}

describe('onnx in Node', () => {
  test('runs a model and says where', async () => {
    await using model = await onnx().load(artifactOf({ 'model.onnx': logistic([1, -2], 0.5) }));
    const outputs = await model.run(features([1, 1, 3, 0], 2));
    expect(outputs.get('score')!.dims).toEqual([2, 1]);
    expect([...(outputs.get('score')!.data as Float32Array)]).toEqual([
      expect.closeTo(sigmoid(-0.5), 6),
      expect.closeTo(sigmoid(3.5), 6),
    ]);
    expect(model.facts).toMatchObject({ executionProvider: 'cpu', refused: [], runtime: 'onnx' });
    expect(model.signature.batch).toBe('dynamic');
    expect(model.signature.inputs).toEqual([{ name: 'x', dtype: 'float32', dims: ['rows', 2] }]);
  });

  test('takes int64 and several inputs', async () => {
    await using model = await onnx().load(artifactOf({ 'm.onnx': lookup([0.5, -1, 2], 2, 0.01) }));
    const feeds = tensors({
      codes: tensor('int64', [1, 2], BigInt64Array.of(0n, 2n)),
      miles: tensor('float32', [1, 1], Float32Array.of(100)),
    });
    expect((await model.run(feeds)).get('score')!.data[0]).toBeCloseTo(sigmoid(3.5), 6);
  });

  test('refuses feeds that do not fit before native code sees them', async () => {
    await using model = await onnx().load(artifactOf({ 'model.onnx': logistic([1, -2], 0.5) }));
    const bad = [
      tensors({}),
      tensors({ x: tensor('float64', [1, 2], Float64Array.of(1, 2)) }),
      features([1, 2, 3], 3),
      tensors({ x: tensor('float32', [2], Float32Array.of(1, 2)) }),
      tensors({ x: { dtype: 'float32', dims: [1, 1024], data: new Float32Array(2) } }),
      tensors({ ...Object.fromEntries(features([1, 2], 2)), more: tensor('float32', [1], Float32Array.of(1)) }),
    ];
    for (const feeds of bad) expect(await codeOf(model.run(feeds))).toBe('serving/tensor');
  });

  test('refuses bytes that do not have their digest', async () => {
    const tampered = artifactOf({ 'model.onnx': logistic([1, -2], 0.5) }, 'model.onnx');
    expect(await codeOf(onnx().load(tampered))).toBe('artifact/mismatch');
  });

  test('models that are not trusted run where they can be killed, within the limits that the host sets', async () => {
    expect(() => onnx({ trusted: false })).toThrow('process');
    const artifact = artifactOf({ 'model.onnx': logistic([1, -2], 0.5) });
    await using model = await onnx({ trusted: false, placement: 'process' }).load(artifact);
    expect(model.facts.placement).toBe('process');
    const vetting = { refuseOperators: ['Sigmoid'] };
    expect(await codeOf(onnx({ vetting }).load(artifact))).toBe('serving/untrusted-model');
  });

  test('passes on what the host wishes of a session, and nothing that a model could', async () => {
    const created: object[] = [];
    const ort = {
      env: {},
      Tensor: class {},
      InferenceSession: {
        create: (_: Uint8Array, options: object = {}) => {
          created.push(options);
          return Promise.reject(new Error('not here'));
        },
      },
    };
    const artifact = artifactOf({ 'm.onnx': logistic([1], 0) });
    for (const options of [{}, { deviceId: 1, intraOpNumThreads: 4 }])
      expect(await codeOf(onnx({ ort, require: 'cuda', ...options }).load(artifact))).toBe('serving/no-provider');
    const always = {
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      enableMemPattern: false,
      logSeverityLevel: 4,
    };
    expect(created).toEqual([
      { ...always, executionProviders: ['cuda'], intraOpNumThreads: 1 },
      { ...always, executionProviders: [{ name: 'cuda', deviceId: 1 }], intraOpNumThreads: 4 },
    ]);
  });

  test('climbs down its own ladder and says why', async () => {
    await using model = await onnx({ prefer: ['cuda', 'coreml', 'abacus', 'cpu'] }).load(
      artifactOf({ 'm.onnx': logistic([1], 0) }),
    );
    expect(model.facts.executionProvider).toBe('cpu');
    expect(model.facts.refused.map((refusal) => refusal.provider)).toEqual(['cuda', 'coreml', 'abacus']);
    for (const { reason } of model.facts.refused) expect(reason).not.toBe('');
  });

  test('a required provider never falls back', async () => {
    expect(await codeOf(onnx({ require: 'cuda' }).load(artifactOf({ 'm.onnx': logistic([1], 0) })))).toBe(
      'serving/no-provider',
    );
  });

  test('runs in WASM where there is no native binary, with the same answers', async () => {
    const artifact = artifactOf({ 'm.onnx': perceptron([8, 16, 4]) });
    await using native = await onnx().load(artifact);
    await using wasm = await onnx({ require: 'wasm' }).load(artifact);
    expect(wasm.facts.executionProvider).toBe('wasm');
    const feeds = features(
      Array.from({ length: 24 }, (_, i) => i / 24),
      8,
    );
    const [a, b] = [await native.run(feeds), await wasm.run(feeds)];
    const theirs = b.get('y')!.data as Float32Array;
    for (const [i, ours] of (a.get('y')!.data as Float32Array).entries()) expect(theirs[i]).toBeCloseTo(ours, 5);
  });

  test('golden rows refuse a provider whose answers differ', async () => {
    const golden = [
      { feeds: features([1, 1], 2), outputs: tensors({ score: tensor('float32', [1, 1], Float32Array.of(0.9)) }) },
    ];
    const artifact = artifactOf({ 'm.onnx': logistic([1, -2], 0.5) });
    expect(await codeOf(onnx({ prefer: ['cpu'] }).load(artifact, { golden }))).toBe('serving/no-provider');
    await using loaded = await onnx().load(artifact, { golden, tolerance: 1 });
    expect(loaded.facts.parity).toBeGreaterThan(0.1);
  });

  test('a closed model says so, and closing twice is harmless', async () => {
    const model = await onnx().load(artifactOf({ 'm.onnx': logistic([1], 0) }));
    const running = model.run(features([1], 1));
    await Promise.all([model.close(), model.close()]);
    expect((await running).size).toBe(1);
    expect(await codeOf(model.run(features([1], 1)))).toBe('state/closed');
  });
});
