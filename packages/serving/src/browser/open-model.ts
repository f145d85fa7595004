import type { Abortable, Closable, ModelSource, RequestContext } from '@millwright/core';
import { createEndpoint, type Endpoint, type EndpointOptions, type Row } from '../endpoint/index.js';
import type { EngineFacts } from '../engine/index.js';
import type { ProviderName } from '../runtime/index.js';
import { type OnnxOptions, onnx } from '../runtime/onnx/index.js';
import type { DownloadProgress } from './download.js';
import { type ModelAtOptions, modelAt } from './model-at.js';

export interface OpenModelOptions<I, O>
  extends ModelAtOptions,
    Abortable,
    Pick<OnnxOptions, 'ort' | 'wasmPaths' | 'wasmThreads' | 'trusted'>,
    Pick<EndpointOptions<I, O>, 'codec' | 'deadlineMs' | 'maxBatch' | 'clock'> {
  /** Execution providers to try, best first. Default `webgpu`, then `wasm`. */
  readonly prefer?: readonly ProviderName[] | undefined;
  /** This provider or none. */
  readonly require?: ProviderName | undefined;
}

/** A model open in a page. */
export interface OpenModel<I, O> extends Closable {
  /** What runs it, what was refused and why, which batch sizes are warm. */
  readonly facts: EngineFacts;
  readonly id: string;
  predict(input: I, context?: RequestContext): Promise<O>;
  /** The endpoint behind it: arms, policy, guards, records. */
  readonly endpoint: Endpoint<I, O>;
}

/**
 * Fetches, verifies, loads and warms a published model on this device.
 *
 * @param model URL of a model description, or any model source
 * @throws `artifact/mismatch`, `serving/untrusted-model`, `serving/no-provider`, `state/not-found`
 */
export async function openModel<I = Row, O = Row>(
  model: string | URL | ModelSource,
  options: OpenModelOptions<I, O> = {},
): Promise<OpenModel<I, O>> {
  const {
    prefer,
    require,
    ort,
    wasmPaths,
    wasmThreads,
    trusted,
    maxBatch = 16,
    deadlineMs = 10_000,
    codec,
    clock,
    signal,
  } = options;
  const source = typeof model === 'string' || model instanceof URL ? modelAt(model, options) : model;
  const resolved = await source.resolve({ signal });
  const watch = source.watch?.bind(source);
  const fetched: ModelSource = { resolve: async () => resolved, ...(watch === undefined ? {} : { watch }) };
  const report = options.onProgress ?? ((_: DownloadProgress) => undefined);
  const total = resolved.artifact.manifest.files.reduce((sum, file) => sum + file.size, 0);
  report({ phase: 'load', path: resolved.id, done: 0, total });
  const runtime = onnx({ prefer, require, ort, wasmPaths, wasmThreads, trusted });
  const endpoint = await createEndpoint<I, O>({ model: fetched, runtime, codec, maxBatch, deadlineMs, clock });
  report({ phase: 'load', path: resolved.id, done: total, total });
  return {
    close: () => endpoint.close(),
    [Symbol.asyncDispose]: () => endpoint.close(),
    endpoint,
    id: resolved.id,
    get facts() {
      return endpoint.champion.facts;
    },
    async predict(input, context) {
      return (await endpoint.predict(input, context)).output;
    },
  };
}
