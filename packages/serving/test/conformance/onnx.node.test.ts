import { type OnnxOptions, onnx, tensor, tensors } from '@millwright/serving';
import { modelRuntimeCases } from '@millwright/serving/conformance';
import { describe, test } from 'vitest';
import { artifactOf, logistic } from '../support/models.js';

const fixture = (options: OnnxOptions) => ({
  runtime: onnx(options),
  artifact: artifactOf({ 'model.onnx': logistic([1, -2], 0.5) }),
  feeds: tensors({ x: tensor('float32', [2, 2], Float32Array.of(1, 1, 3, 0)) }),
  outputs: tensors({
    score: tensor('float32', [2, 1], Float32Array.of(1 / (1 + Math.exp(0.5)), 1 / (1 + Math.exp(-3.5)))),
  }),
});

describe.each([
  { name: 'cpu', options: { require: 'cpu' } },
  { name: 'wasm', options: { require: 'wasm' } },
  { name: 'cpu in a worker', options: { require: 'cpu', placement: 'worker' } },
  { name: 'cpu in a process', options: { require: 'cpu', placement: 'process' } },
] as const)('onnx on $name', ({ options }) => {
  for (const c of modelRuntimeCases(() => fixture(options))) test.skipIf(c.skip)(c.name, c.run);
});
