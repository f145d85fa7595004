import { closable, MillwrightError } from '@millwright/core';
import type { TensorMap } from '../tensor/index.js';
import { batchOf, checkFeeds } from './feeds.js';
import { checkGolden } from './golden.js';
import type { LoadedModel, ModelRuntime, TensorSpec } from './types.js';

/** What a function runtime calls instead of a model file. */
export type TensorFunction = (feeds: TensorMap) => TensorMap | Promise<TensorMap>;

/** What a function takes and returns, as tensors, and how many calls may overlap. */
export interface FunctionRuntimeOptions {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** How many calls may overlap. Default 1. */
  readonly concurrency?: number | undefined;
  /** How the runtime is called in facts. Default `function`. */
  readonly id?: string | undefined;
}

/** A runtime whose every model is the given function: for tests, heuristics, and code that stands in for a model. */
export function functionRuntime(fn: TensorFunction, options: FunctionRuntimeOptions): ModelRuntime {
  const { inputs, outputs, concurrency = 1, id = 'function' } = options;
  const signature = { inputs, outputs, batch: batchOf(inputs, outputs) };
  return {
    id,
    probe: async () => [{ name: 'function', available: true }],
    async load(artifact, plan = {}, { signal } = {}): Promise<LoadedModel> {
      signal?.throwIfAborted();
      let closed = false;
      const run = async (feeds: TensorMap): Promise<TensorMap> => {
        if (closed) throw new MillwrightError('state/closed', 'The model was closed.', { details: { what: 'model' } });
        checkFeeds(signature, feeds);
        return await fn(feeds);
      };
      const parity = await checkGolden('function', plan, run);
      return {
        ...closable(() => {
          closed = true;
        }),
        signature,
        concurrency,
        facts: {
          runtime: id,
          executionProvider: 'function',
          placement: 'inline',
          refused: [],
          loadMs: 0,
          modelBytes: artifact.manifest.files.reduce((sum, file) => sum + file.size, 0),
          parity,
          padBatches: false,
        },
        run,
      };
    },
  };
}
