import { onnx, tensor, tensors } from '@millwright/serving';
import { modelRuntimeCases } from '@millwright/serving/conformance';
import { describe, test } from 'vitest';
import { artifactOf, logistic } from '../support/models.js';

describe.each(['wasm', 'webgpu'])('onnx on %s in a page', (provider) => {
  const runtime = onnx({ require: provider, wasmPaths: '/node_modules/onnxruntime-web/dist/' });
  const make = () => ({
    runtime,
    artifact: artifactOf({ 'model.onnx': logistic([1, -2], 0.5) }),
    feeds: tensors({ x: tensor('float32', [2, 2], Float32Array.of(1, 1, 3, 0)) }),
    outputs: tensors({
      score: tensor('float32', [2, 1], Float32Array.of(1 / (1 + Math.exp(0.5)), 1 / (1 + Math.exp(-3.5)))),
    }),
  });
  for (const c of modelRuntimeCases(make)) test.skipIf(c.skip)(c.name, { timeout: 60_000 }, c.run);
});
