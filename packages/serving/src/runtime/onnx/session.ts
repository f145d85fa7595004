import { closable, isMillwrightError, MillwrightError } from '@millwright/core';
import { arrayFor, type DType, type Tensor, type TensorMap } from '../../tensor/index.js';
import { checkFeeds } from '../feeds.js';
import type { Lock } from '../lock.js';
import type { LoadedModel, LoadFacts, TensorSignature } from '../types.js';
import type { OrtModule, OrtSession, OrtTensor } from './ort.js';

type OrtTensorClass = new (type: DType, data: Tensor['data'], dims: readonly number[]) => OrtTensor;

/** An onnxruntime session behind the door of a loaded model. `close` waits for runs that are under way. */
export function loadedSession(
  ort: OrtModule,
  session: OrtSession,
  signature: TensorSignature,
  facts: LoadFacts,
  { oneAtATime, concurrency }: { readonly oneAtATime: Lock; readonly concurrency: number },
): LoadedModel {
  const OrtTensorOf = ort.Tensor as OrtTensorClass;
  let closed = false;
  let running: Promise<unknown> = Promise.resolve();

  async function run(feeds: TensorMap): Promise<TensorMap> {
    if (closed) throw new MillwrightError('state/closed', 'The model was closed.', { details: { what: 'model' } });
    checkFeeds(signature, feeds);
    // Null-prototype, because an input may be called `__proto__`.
    const native: Record<string, OrtTensor> = Object.create(null);
    for (const [name, fed] of feeds) native[name] = new OrtTensorOf(fed.dtype, fed.data, fed.dims);
    const answer = oneAtATime.run(() => session.run(native));
    running = Promise.allSettled([running, answer]);
    try {
      return collect(signature, await answer);
    } catch (cause) {
      if (isMillwrightError(cause)) throw cause;
      throw new MillwrightError('serving/model-failed', `The model failed: ${messageOf(cause)}`, {
        details: { model: facts.executionProvider },
        cause,
      });
    }
  }

  return {
    ...closable(async () => {
      closed = true;
      await running;
      await oneAtATime.run(() => session.release());
    }),
    signature,
    facts,
    concurrency,
    run,
  };
}

function collect(signature: TensorSignature, native: Readonly<Record<string, OrtTensor>>): TensorMap {
  const outputs = new Map<string, Tensor>();
  for (const { name, dtype } of signature.outputs) {
    const given = native[name];
    if (given === undefined)
      throw new MillwrightError('serving/model-failed', `The output \`${name}\` is missing.`, {
        details: { model: name },
      });
    outputs.set(name, { dtype, dims: [...given.dims], data: own(dtype, given.data) } as Tensor);
  }
  return outputs;
}

/** Half floats come as Float16Array where the runtime has one; we always show bits. */
function own(dtype: DType, data: OrtTensor['data']): Tensor['data'] {
  if (dtype === 'float16' && ArrayBuffer.isView(data) && !(data instanceof Uint16Array))
    return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  return (data ?? arrayFor(dtype, 0)) as Tensor['data'];
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
