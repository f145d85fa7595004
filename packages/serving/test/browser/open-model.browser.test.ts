import { column, defineContract } from '@millwright/core/contract';
import { onnx, tensor, tensors } from '@millwright/serving';
import { openModel } from '@millwright/serving/browser';
import { describe, expect, test } from 'vitest';
import { artifactOf, logistic, perceptron, resolvedModel, sourceOf } from '../support/models.js';

const wasmPaths = '/node_modules/onnxruntime-web/dist/';
const contract = defineContract({
  inputs: { a: column.number(), b: column.number() },
  outputs: { score: column.probability() },
});
const model = () => sourceOf(resolvedModel('flight@1', logistic([1, -2], 0.5), contract));
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

describe('a model in a page', () => {
  test('runs in WASM and answers', async () => {
    const phases: string[] = [];
    await using open = await openModel(model(), {
      prefer: ['wasm'],
      wasmPaths,
      onProgress: ({ phase }) => phases.push(phase),
    });
    expect(open.facts).toMatchObject({ executionProvider: 'wasm', refused: [] });
    expect(open.facts.warm).toEqual([1, 2, 4, 8, 16]);
    expect((await open.predict({ a: 3, b: 0 }))['score']).toBeCloseTo(sigmoid(3.5), 5);
    const many = await Promise.all(Array.from({ length: 40 }, (_, a) => open.predict({ a: a / 10, b: 1 })));
    for (const [a, { score }] of many.entries()) expect(score).toBeCloseTo(sigmoid(a / 10 - 1.5), 5);
    expect(phases).toContain('load');
  });

  test('runs on WebGPU with the answers of WASM', { timeout: 60_000 }, async () => {
    const artifact = artifactOf({ 'm.onnx': perceptron([8, 16, 4]) });
    await using gpu = await onnx({ require: 'webgpu', wasmPaths }).load(artifact);
    await using wasm = await onnx({ require: 'wasm', wasmPaths }).load(artifact);
    expect(gpu.facts.executionProvider).toBe('webgpu');
    expect(gpu.facts.padBatches).toBe(true);
    const feeds = tensors({
      x: tensor(
        'float32',
        [3, 8],
        Float32Array.from({ length: 24 }, (_, i) => i / 24),
      ),
    });
    const [a, b] = await Promise.all([gpu.run(feeds), wasm.run(feeds)]);
    const expected = b.get('y')!.data as Float32Array;
    for (const [i, value] of (a.get('y')!.data as Float32Array).entries())
      expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(expected[i]!)));
  });

  test('says why a provider that was preferred is not used', async () => {
    await using open = await openModel(model(), { prefer: ['webnn', 'wasm'], wasmPaths });
    expect(open.facts.executionProvider).toBe('wasm');
    expect(open.facts.refused[0]).toMatchObject({ provider: 'webnn' });
  });
});
