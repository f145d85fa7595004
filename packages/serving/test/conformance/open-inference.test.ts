import { functionRuntime, type Tensor, tensor, tensors } from '@millwright/serving';
import { modelRuntimeCases, type RuntimeFixture } from '@millwright/serving/conformance';
import { openInference, openInferenceHandler, serveModel } from '@millwright/serving/oip';
import { describe, test } from 'vitest';
import { artifactOf } from '../support/models.js';

const double = functionRuntime(
  (feeds) => {
    const x = feeds.get('x') as Tensor<'float32'>;
    const doubled = x.data.map((v) => 2 * v);
    return tensors({ y: tensor('float32', x.dims, doubled) });
  },
  {
    inputs: [{ name: 'x', dtype: 'float32', dims: ['rows', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', dims: ['rows', 2] }],
    concurrency: 8,
  },
);

async function fixture(binary: boolean): Promise<RuntimeFixture> {
  const artifact = artifactOf({ 'model.bin': Uint8Array.of(1) });
  const handler = openInferenceHandler({ models: { double: serveModel(await double.load(artifact)) } });
  return {
    runtime: openInference({
      url: 'http://models.test',
      model: 'double',
      binary,
      fetch: (url, init) => handler(new Request(url, init)),
    }),
    artifact,
    feeds: tensors({ x: tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)) }),
    outputs: tensors({ y: tensor('float32', [2, 2], Float32Array.of(2, 4, 6, 8)) }),
  };
}

describe.each([
  ['binary', true],
  ['JSON', false],
])('the runtime of the Open Inference Protocol, as %s', (_, binary) => {
  for (const c of modelRuntimeCases(() => fixture(binary))) test.skipIf(c.skip)(c.name, c.run);
});
