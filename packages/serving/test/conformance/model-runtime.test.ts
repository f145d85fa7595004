import { isMillwrightError } from '@millwright/core';
import {
  functionRuntime,
  type LoadedModel,
  type ModelRuntime,
  type Tensor,
  type TensorMap,
  tensor,
  tensors,
} from '@millwright/serving';
import { modelRuntimeCases, type RuntimeFixture } from '@millwright/serving/conformance';
import { describe, expect, test } from 'vitest';
import { artifactOf } from '../support/models.js';

const double = functionRuntime(
  (feeds) => {
    const x = feeds.get('x') as Tensor<'float32'>;
    return tensors({
      y: tensor(
        'float32',
        x.dims,
        x.data.map((v) => 2 * v),
      ),
    });
  },
  {
    inputs: [{ name: 'x', dtype: 'float32', dims: ['rows', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', dims: ['rows', 2] }],
  },
);

const fixture = (runtime: ModelRuntime = double): RuntimeFixture => ({
  runtime,
  artifact: artifactOf({ 'model.bin': Uint8Array.of(1) }),
  feeds: tensors({ x: tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)) }),
  outputs: tensors({ y: tensor('float32', [2, 2], Float32Array.of(2, 4, 6, 8)) }),
});

describe('the function runtime', () => {
  for (const c of modelRuntimeCases(fixture)) test.skipIf(c.skip)(c.name, c.run);
});

/** The runtime with one thing broken in what it loads. */
function broken(
  change: (model: LoadedModel) => Partial<LoadedModel>,
  runtime: Partial<ModelRuntime> = {},
): ModelRuntime {
  return {
    ...double,
    ...runtime,
    load:
      runtime.load ??
      (async (artifact, plan, o) => {
        const model = await double.load(artifact, plan, o);
        return { ...model, ...change(model) };
      }),
  };
}

const shared = tensor('float32', [2, 2], Float32Array.of(2, 4, 6, 8));
const mutants: Record<string, ModelRuntime> = {
  'answers wrongly': broken(() => ({ run: async (feeds) => new Map([['y', feeds.get('x')!]]) })),
  'checks nothing': broken(() => ({
    run: async () => tensors({ y: tensor('float32', [2, 2], Float32Array.of(2, 4, 6, 8)) }),
  })),
  'writes into its feeds': broken((model) => ({
    async run(feeds: TensorMap) {
      const answer = await model.run(feeds);
      (feeds.get('x')!.data as Float32Array)[0] = -1;
      return answer;
    },
  })),
  'gives away one buffer again and again': broken((model) => ({
    async run(feeds: TensorMap) {
      await model.run(feeds);
      return tensors({ y: shared });
    },
  })),
  'forgets an output in its signature': broken((model) => ({ signature: { ...model.signature, outputs: [] } })),
  'does not name its provider': broken((model) => ({ facts: { ...model.facts, executionProvider: '' } })),
  'runs after close': broken((model) => ({ close: async () => undefined, [Symbol.asyncDispose]: () => model.close() })),
  'ignores golden rows': broken(() => ({}), { load: (artifact, _plan, o) => double.load(artifact, {}, o) }),
  'ignores the signal': broken(() => ({}), { load: (artifact, plan) => double.load(artifact, plan) }),
  'probes without reasons': broken(() => ({}), {
    load: double.load,
    probe: async () => [{ name: 'cuda', available: false }],
  }),
};

describe('broken runtimes are found', () => {
  test.each(Object.keys(mutants))('one that %s', async (name) => {
    shared.data.set([2, 4, 6, 8]);
    const errors: unknown[] = [];
    for (const c of modelRuntimeCases(() => fixture(mutants[name]))) await c.run().catch((error) => errors.push(error));
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.some((error) => isMillwrightError(error, 'serving/nonconforming'))).toBe(true);
  });
});
