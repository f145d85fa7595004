import { type DeviceMap, type DeviceTensor, isDeviceTensor } from '../tensor/device.js';
import { elementCount, holds, type Tensor, unfit } from '../tensor/tensor.js';
import type { TensorSignature, TensorSpec } from './types.js';

/**
 * Checks feeds against the signature before native code sees them: names, element types, array kinds, ranks, fixed
 * dimensions, and that a symbolic dimension has one size everywhere. Extra feeds are refused (onnxruntime takes them in silence).
 *
 * @throws `serving/tensor`
 */
export function checkFeeds(signature: TensorSignature, feeds: DeviceMap): void {
  const sizes = new Map<string, number>();
  for (const spec of signature.inputs) {
    const fed = feeds.get(spec.name);
    if (fed === undefined) throw unfit(spec.name, describeSpec(spec), 'nothing');
    checkTensor(spec, fed, sizes);
  }
  if (feeds.size > signature.inputs.length) {
    const known = new Set(signature.inputs.map((spec) => spec.name));
    const extra = [...feeds.keys()].filter((name) => !known.has(name));
    throw unfit(extra[0]!, 'an input of the model with this name', `feeds ${extra.join(', ')}`);
  }
}

function checkTensor(spec: TensorSpec, fed: Tensor | DeviceTensor, sizes: Map<string, number>): void {
  const received = () => `${fed.dtype} [${fed.dims.join(', ')}]`;
  const dims = spec.dims ?? fed.dims;
  if (fed.dtype !== spec.dtype || fed.dims.length !== dims.length)
    throw unfit(spec.name, describeSpec(spec), received());
  for (let axis = 0; axis < dims.length; axis++) {
    const dim = dims[axis];
    const size = fed.dims[axis]!;
    const expected = typeof dim === 'string' ? sizes.get(dim) : dim;
    if (expected !== undefined && expected !== size) throw unfit(spec.name, describeSpec(spec), received());
    if (typeof dim === 'string') sizes.set(dim, size);
  }
  // What lies on a device is what a model gave.
  if (isDeviceTensor(fed)) return;
  if (!holds(fed.dtype, fed.data) || fed.data.length !== elementCount(fed.dims))
    throw unfit(spec.name, describeSpec(spec), `${fed.data?.length} elements for dims [${fed.dims.join(', ')}]`);
  if (
    fed.dtype !== 'string' &&
    typeof SharedArrayBuffer !== 'undefined' &&
    fed.data.buffer instanceof SharedArrayBuffer
  )
    throw unfit(spec.name, 'memory that is not shared between threads', 'a SharedArrayBuffer');
}

/** `float32 [batch, 10]` */
export function describeSpec(spec: TensorSpec): string {
  return `${spec.dtype} [${spec.dims?.map((dim) => dim ?? '?').join(', ') ?? 'any rank'}]`;
}

/** The batch dimension of a signature: the first dimension of every tensor, symbolic with one name, or one fixed size. */
export function batchOf(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): TensorSignature['batch'] {
  const firsts = new Set([...inputs, ...outputs].map((spec) => spec.dims?.[0]));
  if (inputs.length === 0 || outputs.length === 0 || firsts.size !== 1) return undefined;
  const [first] = firsts;
  if (typeof first === 'string') return 'dynamic';
  return typeof first === 'number' && first > 0 ? first : undefined;
}
