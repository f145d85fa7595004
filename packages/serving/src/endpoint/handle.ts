import {
  type Clock,
  type Digest,
  invalidInput,
  type ModelSource,
  type Predictor,
  type ResolvedModel,
} from '@millwright/core';
import type { Contract } from '@millwright/core/contract';
import { modelEngine } from '../engine/model-engine.js';
import { predictorEngine } from '../engine/predictor.js';
import type { Codec, Engine } from '../engine/types.js';
import type { ModelRuntime, TensorSignature } from '../runtime/types.js';
import { defaultCodec } from './codec.js';
import type { ArmSource, GoldenOf, ServedBy } from './types.js';

/** A running engine that several arms may hold. The last to let go drains and closes it. */
export interface Handle<I, O> {
  readonly engine: Engine<I, O>;
  /** `name@version` */
  readonly model: string;
  readonly digest: Digest | undefined;
  readonly contract: Contract | undefined;
  retain(): Handle<I, O>;
  release(): Promise<void>;
  /** Who served: the same object for rows of the same batch. */
  servedBy(facts: ServedFacts): ServedBy;
}

/** What differs from answer to answer. */
export type ServedFacts = Pick<ServedBy, 'arm' | 'epoch' | 'batch' | 'degraded' | 'cached'>;

export interface LoadOptions<I, O> {
  readonly runtime?: ModelRuntime | undefined;
  readonly predictor?: ((model: ResolvedModel) => Predictor<I, O> | Promise<Predictor<I, O>>) | undefined;
  readonly codec?:
    | ((model: ResolvedModel, signature: TensorSignature) => Codec<I, O> | Promise<Codec<I, O>>)
    | undefined;
  readonly maxBatch?: number | undefined;
  readonly maxQueued?: number | undefined;
  readonly maxInFlight?: number | undefined;
  readonly golden?: GoldenOf | undefined;
  readonly tolerance?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Finds, verifies, loads and warms what the source names; `known` is asked first whether a handle for the digest is there. */
export async function loadHandle<I, O>(
  source: ArmSource<I, O>,
  options: LoadOptions<I, O>,
  known: (digest: Digest) => Handle<I, O> | undefined,
): Promise<Handle<I, O>> {
  if (isPredictor(source)) {
    return handleOf<I, O>(predictorEngine(source, options), {
      id: 'predictor',
      digest: undefined,
      contract: undefined,
    });
  }
  return await loadResolved(await source.resolve(), options, known);
}

export async function loadResolved<I, O>(
  resolved: ResolvedModel,
  options: LoadOptions<I, O>,
  known: (digest: Digest) => Handle<I, O> | undefined,
): Promise<Handle<I, O>> {
  const shared = known(resolved.digest);
  if (shared !== undefined) return shared.retain();
  if (options.predictor !== undefined)
    return handleOf(predictorEngine(await options.predictor(resolved), options), resolved);
  const { runtime, codec = defaultCodec as (model: ResolvedModel, signature: TensorSignature) => never } = options;
  if (runtime === undefined)
    throw invalidInput('runtime', 'a model runtime', undefined, 'For ONNX models pass `runtime: onnx()`.');
  const { golden, tolerance } = options;
  const plan = { golden: typeof golden === 'function' ? await golden(resolved) : golden, tolerance };
  const loaded = await runtime.load(resolved.artifact, plan);
  try {
    const engine = await modelEngine<I, O>(loaded, await codec(resolved, loaded.signature), options);
    return handleOf(engine, resolved);
  } catch (error) {
    await loaded.close();
    throw error;
  }
}

export function isPredictor<I, O>(source: ArmSource<I, O> | ModelSource): source is Predictor<I, O> {
  return 'predict' in source;
}

function handleOf<I, O>(
  engine: Engine<I, O>,
  model: Pick<ResolvedModel, 'id' | 'contract'> & { digest: Digest | undefined },
): Handle<I, O> {
  let holders = 1;
  let last: ServedBy | undefined;
  const handle: Handle<I, O> = {
    engine,
    model: model.id,
    digest: model.digest,
    contract: model.contract,
    retain() {
      holders++;
      return handle;
    },
    async release() {
      holders--;
      if (holders === 0) await engine.close();
    },
    servedBy({ arm, epoch, batch, degraded, cached }) {
      if (
        last?.arm === arm &&
        last.epoch === epoch &&
        last.batch === batch &&
        last.degraded === degraded &&
        last.cached === cached
      )
        return last;
      const { executionProvider } = engine.facts;
      const { id, digest } = model;
      last = Object.freeze({ model: id, digest, arm, epoch, executionProvider, batch, degraded, cached });
      return last;
    },
  };
  return handle;
}
