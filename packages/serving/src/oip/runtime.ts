import { closable, type Digest, digestJson, invalidInput, MillwrightError, type ModelSource } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import type { Contract } from '@millwright/core/contract';
import { batchOf, checkFeeds } from '../runtime/feeds.js';
import { checkGolden } from '../runtime/golden.js';
import type { LoadedModel, ModelRuntime, TensorSignature, TensorSpec } from '../runtime/types.js';
import type { TensorMap } from '../tensor/index.js';
import {
  type ModelMetadata,
  type ModelName,
  type OpenInferenceClient,
  type OpenInferenceClientOptions,
  openInferenceClient,
} from './client.js';
import { DTYPE_OF } from './datatypes.js';

/** Which model of which server stands in for the artifact. */
export interface OpenInferenceOptions extends OpenInferenceClientOptions {
  /** The model's name on the server, or how it follows from the artifact that is to be served. */
  readonly model: string | ((artifact: VerifiedArtifact) => ModelName);
  /** Default: the server's choice. */
  readonly version?: string | undefined;
}

/** A runtime whose models run in another service. */
export interface OpenInferenceRuntime extends ModelRuntime {
  readonly client: OpenInferenceClient;
  /** The server's model for an endpoint, when no registry knows it. Its digest is that of the server, name and version. */
  source(contract?: Contract): ModelSource;
}

/**
 * Models of an inference server behind the door of a runtime: placement `remote`. Loading asks for the signature and
 * runs the plan's golden rows; that the server holds the bytes of the artifact is what golden rows are the only proof of.
 *
 * Batches are made here, by deadline, as for any other model; the server's answers set how many overlap.
 *
 * @throws `input/invalid` for a URL that is none
 * @example
 * const triton = openInference({ url: 'http://triton:8000', model: 'flight-delay' });
 * const endpoint = await createEndpoint({ model: triton.source(), runtime: triton });
 */
export function openInference(options: OpenInferenceOptions): OpenInferenceRuntime {
  const client = openInferenceClient(options);
  const { clock } = options;
  const { model, version } = options;
  const nameOf = (artifact: VerifiedArtifact): ModelName =>
    typeof model === 'string' ? { name: model, version } : model(artifact);

  return {
    id: 'open-inference',
    client,
    async probe(o) {
      const ready = await client.isReady(undefined, o);
      return [{ name: 'remote', available: ready, ...(ready ? {} : { reason: `${client.origin} is not ready.` }) }];
    },
    async load(artifact, plan = {}, { signal } = {}) {
      signal?.throwIfAborted();
      const name = nameOf(artifact);
      const startedAt = clock?.monotonic() ?? performance.now();
      if (!(await client.isReady(name, { signal }))) {
        signal?.throwIfAborted();
        throw notReady(client.origin, name);
      }
      const metadata = await client.metadata(name, { signal });
      const signature = signatureOf(metadata);
      const run = async (feeds: TensorMap, each?: { readonly signal?: AbortSignal | undefined }) => {
        checkFeeds(signature, feeds);
        const { outputs } = await client.infer(name, feeds, { signal: each?.signal });
        return checkOutputs(signature, outputs, name.name);
      };
      const parity = await checkGolden('remote', plan, run);
      const loadMs = (clock?.monotonic() ?? performance.now()) - startedAt;
      return remoteModel({ client, signature, run, platform: metadata.platform, parity, loadMs });
    },
    source(contract) {
      if (typeof model !== 'string')
        throw invalidInput('model', 'a name', model, 'What follows from an artifact needs a registry to resolve it.');
      const id = version === undefined ? model : `${model}@${version}`;
      const digest = digestJson({ origin: client.origin, model, version: version ?? null }) as Digest;
      return { resolve: async () => ({ id, digest, artifact: noFiles(digest), contract }) };
    },
  };
}

interface RemoteParts {
  readonly client: OpenInferenceClient;
  readonly signature: TensorSignature;
  readonly run: LoadedModel['run'];
  readonly platform: string | undefined;
  readonly parity: number | undefined;
  readonly loadMs: number;
}

function remoteModel({ client, signature, run, platform = 'remote', parity, loadMs }: RemoteParts): LoadedModel {
  let closed = false;
  const running = new Set<Promise<TensorMap>>();
  return {
    ...closable(async () => {
      closed = true;
      await Promise.allSettled(running);
    }),
    signature,
    get concurrency() {
      return client.limiter.limit;
    },
    facts: {
      runtime: 'open-inference',
      executionProvider: platform,
      placement: 'remote',
      refused: [],
      loadMs,
      modelBytes: 0,
      parity,
      padBatches: false,
    },
    async run(feeds, o) {
      if (closed) throw new MillwrightError('state/closed', 'The model was closed.', { details: { what: 'model' } });
      const answer = run(feeds, o);
      running.add(answer);
      try {
        return await answer;
      } finally {
        running.delete(answer);
      }
    },
  };
}

function signatureOf({ inputs, outputs }: ModelMetadata): TensorSignature {
  const given = { inputs: inputs.map(specOf), outputs: outputs.map(specOf) };
  return { ...given, batch: batchOf(given.inputs, given.outputs) };
}

/** -1 is any size; as first dimension it is the number of rows, which all tensors share. */
function specOf({ name, datatype, shape }: ModelMetadata['inputs'][number]): TensorSpec {
  const dtype = DTYPE_OF.get(datatype);
  if (dtype === undefined)
    throw new MillwrightError('serving/no-provider', `\`${name}\` has the type ${datatype}.`, {
      details: {
        refused: [{ provider: 'remote', reason: `\`${name}\` has the type ${datatype}, which is not supported.` }],
      },
    });
  return { name, dtype, dims: shape.map((dim, axis) => (dim >= 0 ? dim : axis === 0 ? 'rows' : undefined)) };
}

/** The outputs of the signature, each as it says: a server may change what it serves at any time. */
function checkOutputs(signature: TensorSignature, outputs: TensorMap, model: string): TensorMap {
  const wanted = new Map(
    signature.outputs.flatMap(({ name }) => {
      const found = outputs.get(name);
      return found === undefined ? [] : [[name, found] as const];
    }),
  );
  try {
    checkFeeds({ inputs: signature.outputs, outputs: [], batch: undefined }, wanted);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillwrightError('serving/model-failed', `The server's answer does not fit its own metadata: ${reason}`, {
      details: { model },
      cause,
    });
  }
  return wanted;
}

function noFiles(digest: Digest): VerifiedArtifact {
  const missing = async (path: string): Promise<never> => {
    throw new MillwrightError('state/not-found', 'A model of an inference server has no files here.', {
      details: { what: 'file', id: path },
    });
  };
  return { digest, manifest: { format: 'millwright.manifest/1', files: [] }, bytes: missing, stream: missing };
}

function notReady(origin: string, { name }: ModelName): MillwrightError<'serving/no-provider'> {
  const reason = `${origin} does not serve \`${name}\` now.`;
  return new MillwrightError('serving/no-provider', reason, { details: { refused: [{ provider: 'remote', reason }] } });
}
