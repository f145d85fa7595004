import { arrayFor, elementCount, type Tensor, type TensorMap, tensor } from '../tensor/index.js';
import type { TensorSpec } from './types.js';

/**
 * Feeds made up from the signature: rows that differ, floats in [0, 1), integers 0 and 1, empty strings. Symbolic
 * dimensions other than the first are 1. Undefined when a rank is not known.
 */
export function syntheticFeeds(inputs: readonly TensorSpec[], rows: number): TensorMap | undefined {
  const feeds = new Map<string, Tensor>();
  for (const { name, dtype, dims } of inputs) {
    if (dims === undefined) return undefined;
    const shape = dims.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? rows : 1));
    const data = arrayFor(dtype, elementCount(shape));
    for (let i = 0; dtype !== 'string' && i < data.length; i++) fill(dtype, data as Float32Array, i);
    feeds.set(name, tensor(dtype, shape, data));
  }
  return feeds;
}

function fill(dtype: TensorSpec['dtype'], data: Float32Array | BigInt64Array, i: number): void {
  // Weyl sequence of the golden ratio: spread over [0, 1), different in every element, the same on every machine.
  const fraction = (i * 0.6180339887498949) % 1;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(i % 2);
  else if (dtype === 'float32' || dtype === 'float64') data[i] = fraction;
  // 0x3800 to 0x3bff are the half floats from 0.5 to 1.
  else if (dtype === 'float16') data[i] = 0x3800 + Math.floor(1024 * fraction);
  else data[i] = i % 2;
}
