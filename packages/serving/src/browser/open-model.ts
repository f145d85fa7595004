import {
  type Abortable,
  type Closable,
  MillwrightError,
  type ModelSource,
  type RequestContext,
} from '@millwright/core';
import { createEndpoint, type Endpoint, type EndpointOptions, type Row } from '../endpoint/index.js';
import type { EngineFacts } from '../engine/index.js';
import type { ProviderName } from '../runtime/index.js';
import { type OnnxOptions, onnx } from '../runtime/onnx/index.js';
import type { DownloadProgress } from './download.js';
import { type ModelAtOptions, modelAt, type PublishedModel } from './model-at.js';
import { deviceStore } from './open-device-store.js';

/** How a published model is fetched, loaded and served in this page. */
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
  /**
   * Goes back to the model that this device had before, without network, and stays there until another is published.
   * @throws `state/not-found` when none is kept
   */
  goBack(): Promise<void>;
  /** The endpoint behind it: arms, policy, guards, records. */
  readonly endpoint: Endpoint<I, O>;
}

/**
 * Fetches, verifies, loads and warms a published model on this device, and keeps it for a visit without network
 * (`deviceStore`, if no store is given).
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
  const published = typeof model === 'string' || model instanceof URL;
  const store = options.store ?? (published ? await deviceStore() : undefined);
  const source = published ? modelAt(model, { ...options, store }) : model;
  let resolved = await source.resolve({ signal });
  const watch = source.watch?.bind(source);
  const fetched: ModelSource = { resolve: async () => resolved, ...(watch === undefined ? {} : { watch }) };
  const report = options.onProgress ?? ((_: DownloadProgress) => undefined);
  const total = resolved.artifact.manifest.files.reduce((sum, file) => sum + file.size, 0);
  report({ phase: 'load', path: resolved.id, done: 0, total });
  const runtime = onnx({ prefer, require, ort, wasmPaths, wasmThreads, trusted });
  const endpoint = await createEndpoint<I, O>({ model: fetched, runtime, codec, maxBatch, deadlineMs, clock });
  // A full disk is no reason not to serve.
  if (isPublished(source)) await source.keep(resolved).catch(() => undefined);
  report({ phase: 'load', path: resolved.id, done: total, total });
  return {
    close: () => endpoint.close(),
    [Symbol.asyncDispose]: () => endpoint.close(),
    endpoint,
    get id() {
      return endpoint.champion.model;
    },
    get facts() {
      return endpoint.champion.facts;
    },
    async predict(input, context) {
      return (await endpoint.predict(input, context)).output;
    },
    async goBack() {
      if (!isPublished(source)) throw nothingKept(resolved.id);
      const before = await source.goBack(resolved);
      await endpoint.champion.swap(before);
      resolved = await before.resolve();
    },
  };
}

function isPublished(source: ModelSource): source is PublishedModel {
  return 'goBack' in source;
}

function nothingKept(id: string): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `\`${id}\` was not opened from a URL: nothing is kept before it.`, {
    details: { what: 'kept model', id },
  });
}
