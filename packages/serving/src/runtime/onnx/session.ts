import { closable, isMillwrightError, MillwrightError } from '@millwright/core';
import { download } from '#ort';
import {
  arrayFor,
  type DeviceMap,
  type DeviceTensor,
  type DType,
  isDeviceTensor,
  type Tensor,
  type TensorMap,
} from '../../tensor/index.js';
import { unfit } from '../../tensor/tensor.js';
import { checkFeeds } from '../feeds.js';
import type { Lock } from '../lock.js';
import type { LoadedModel, LoadFacts, RunOptions, TensorSignature } from '../types.js';
import type { OrtModule, OrtSession, OrtTensor } from './ort.js';

type OrtTensorClass = new (type: DType, data: Tensor['data'], dims: readonly number[]) => OrtTensor;

export interface SessionOptions {
  readonly oneAtATime: Lock;
  readonly concurrency: number;
  /** Outputs that stay on the device. Undefined: the session is not on this thread. */
  readonly deviceOutputs?: readonly string[] | undefined;
}

/** An onnxruntime session behind the door of a loaded model. `close` waits for runs that are under way. */
export function loadedSession(
  ort: OrtModule,
  session: OrtSession,
  signature: TensorSignature,
  facts: LoadFacts,
  { oneAtATime, concurrency, deviceOutputs }: SessionOptions,
): LoadedModel {
  const OrtTensorOf = ort.Tensor as OrtTensorClass;
  const kept = new Set(deviceOutputs);
  const alive = new Set<DeviceTensor>();
  let closed = false;
  let running = 0;
  let drained = () => {};

  async function runOnDevice(feeds: DeviceMap, transfer = false): Promise<DeviceMap> {
    if (closed) throw new MillwrightError('state/closed', 'The model was closed.', { details: { what: 'model' } });
    checkFeeds(signature, feeds);
    // Null-prototype, because an input may be called `__proto__`.
    const native: Record<string, OrtTensor> = Object.create(null);
    for (const [name, fed] of feeds)
      native[name] = isDeviceTensor(fed) ? nativeOf(name, fed) : feedOf(OrtTensorOf, fed);
    running++;
    try {
      return collect(
        await oneAtATime.run(() =>
          transfer && session.runTransferred ? session.runTransferred(native) : session.run(native),
        ),
      );
    } catch (cause) {
      if (isMillwrightError(cause)) throw cause;
      throw new MillwrightError('serving/model-failed', `The model failed: ${messageOf(cause)}`, {
        details: { model: facts.executionProvider },
        cause,
      });
    } finally {
      running--;
      if (running === 0) drained();
    }
  }

  const whenDrained = () =>
    new Promise<void>((resolve) => {
      drained = resolve;
    });

  function collect(native: Readonly<Record<string, OrtTensor>>): DeviceMap {
    const outputs = new Map<string, Tensor | DeviceTensor>();
    for (const { name, dtype } of signature.outputs) {
      const given = native[name];
      if (given === undefined)
        throw new MillwrightError('serving/model-failed', `The output \`${name}\` is missing.`, {
          details: { model: name },
        });
      outputs.set(name, kept.has(name) ? deviceTensor(dtype, given) : tensorOf(dtype, given.dims, given.data));
    }
    return outputs;
  }

  function deviceTensor(dtype: DType, native: OrtTensor): DeviceTensor {
    const end = () => {
      alive.delete(tensor);
      natives.delete(tensor);
    };
    const dispose = () => {
      if (alive.has(tensor)) native.dispose?.();
      end();
    };
    const tensor: DeviceTensor = {
      dtype,
      dims: [...native.dims],
      location: native.location === 'gpu-buffer' ? 'device' : 'host',
      async download() {
        if (!alive.has(tensor)) throw tensorEnded();
        const data = oneAtATime.run(() =>
          tensor.location === 'host' ? Promise.resolve(native.data) : download(ort, native),
        );
        end();
        return tensorOf(dtype, tensor.dims, await data);
      },
      dispose,
      [Symbol.dispose]: dispose,
    };
    alive.add(tensor);
    natives.set(tensor, native);
    return tensor;
  }

  /** What stays on the device for other models is of no use to who did not ask for it. */
  async function run(feeds: TensorMap, { transfer }: RunOptions = {}): Promise<TensorMap> {
    const outputs = await runOnDevice(feeds, transfer);
    if (kept.size === 0) return outputs as TensorMap;
    const here = new Map<string, Tensor>();
    for (const [name, output] of outputs) here.set(name, isDeviceTensor(output) ? await output.download() : output);
    return here;
  }

  return {
    ...closable(async () => {
      closed = true;
      if (running > 0) await whenDrained();
      for (const tensor of alive) tensor.dispose();
      await oneAtATime.run(() => session.release());
    }),
    signature,
    facts,
    concurrency,
    run,
    runOnDevice: deviceOutputs && runOnDevice,
    get deviceTensors() {
      return alive.size;
    },
  };
}

/** What onnxruntime calls the tensors that we gave out. */
const natives = new WeakMap<DeviceTensor, OrtTensor>();

function nativeOf(name: string, tensor: DeviceTensor): OrtTensor {
  const native = natives.get(tensor);
  if (native === undefined) throw unfit(name, 'a tensor of this runtime that has not ended', 'another');
  return native;
}

function tensorEnded(): MillwrightError<'state/closed'> {
  return new MillwrightError('state/closed', 'The tensor was downloaded or disposed of.', {
    details: { what: 'device tensor' },
  });
}

function tensorOf(dtype: DType, dims: readonly number[], data: OrtTensor['data']): Tensor {
  return { dtype, dims: [...dims], data: own(dtype, data) } as Tensor;
}

/**
 * The native binding of onnxruntime 1.30 knows half floats by their bits only; where the runtime has a Float16Array (Node 24)
 * the tensor's class would hand it one.
 */
function feedOf(OrtTensorOf: OrtTensorClass, { dtype, data, dims }: Tensor): OrtTensor {
  const tensor = new OrtTensorOf(dtype, data, dims);
  if (dtype === 'float16' && tensor.data !== data) Object.defineProperty(tensor, 'data', { value: data });
  return tensor;
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
