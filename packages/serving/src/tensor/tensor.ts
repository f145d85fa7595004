import { invalidInput, MillwrightError } from '@millwright/core';

/** Element types that a tensor can carry. `float16` is held as its 16 bits, `bool` as one byte of 0 or 1. */
export interface TensorArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: readonly string[];
}

/** An element type; `TensorArrays` says which array holds it. */
export type DType = keyof TensorArrays;

/** Values in row-major order with their shape. The data is not copied: whoever makes a tensor leaves it alone until it was used. */
export type Tensor<D extends DType = DType> = {
  readonly [K in D]: { readonly dtype: K; readonly dims: readonly number[]; readonly data: TensorArrays[K] };
}[D];

/** Tensors by name. A Map, because names come from model files and may be `__proto__`. */
export type TensorMap = ReadonlyMap<string, Tensor>;

/** No dimension product or byte count beyond this is taken: 2 GiB, as ONNX's own limit for one file. */
export const MAX_TENSOR_BYTES = 2 ** 31;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** All element types, by their names in ONNX. */
export const DTYPES = [...Object.keys(ARRAYS), 'string'] as readonly DType[];

/**
 * A tensor over `data`, checked: `tensor('float32', [2, 3], values)`.
 *
 * @throws `serving/tensor` when the shape is not a shape, the array is of another kind, or its length is not the product of `dims`
 */
export function tensor<D extends DType>(dtype: D, dims: readonly number[], data: TensorArrays[D]): Tensor<D> {
  const count = elementCount(dims);
  if (!holds(dtype, data))
    throw unfit('data', `${arrayName(dtype)} for \`${dtype}\``, data?.constructor?.name ?? String(data));
  if (data.length !== count)
    throw unfit('data', `${count} elements for dims [${dims.join(', ')}]`, `${data.length} elements`);
  return { dtype, dims, data } as Tensor<D>;
}

/** A tensor map from a record of own members: `tensors({ x: tensor(…) })`. */
export function tensors(record: Readonly<Record<string, Tensor>>): TensorMap {
  return new Map(Object.entries(record));
}

/** The product of the dimensions. A scalar (`[]`) has one element. @throws `serving/tensor` beyond `MAX_TENSOR_BYTES` elements */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  let zero = false;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) throw unfit('dims', 'non-negative integers', `[${dims.join(', ')}]`);
    // Zero dimensions must not hide an overflow in the others: [2^31, 2^31, 0] is refused.
    if (dim === 0) zero = true;
    else count *= dim;
    if (count > MAX_TENSOR_BYTES) throw unfit('dims', `at most ${MAX_TENSOR_BYTES} elements`, `[${dims.join(', ')}]`);
  }
  return zero ? 0 : count;
}

/** A zeroed array for `count` elements of the type. @throws `serving/tensor` when it would be larger than `MAX_TENSOR_BYTES` */
export function arrayFor<D extends DType>(dtype: D, count: number): TensorArrays[D] {
  if (dtype === 'string') return new Array<string>(count).fill('') as readonly string[] as TensorArrays[D];
  const ArrayKind = ARRAYS[dtype as Exclude<D, 'string'> & keyof typeof ARRAYS];
  if (count * ArrayKind.BYTES_PER_ELEMENT > MAX_TENSOR_BYTES)
    throw unfit('dims', `at most ${MAX_TENSOR_BYTES} bytes`, `${count} elements of \`${dtype}\``);
  return new ArrayKind(count) as TensorArrays[D];
}

/** Bytes that the tensor's data takes; strings count as UTF-16. */
export function byteLength(t: Tensor): number {
  if (t.dtype !== 'string') return t.data.byteLength;
  let bytes = 0;
  for (const text of t.data) bytes += 2 * text.length;
  return bytes;
}

/** True when `data` is the array kind that holds this element type. */
export function holds(dtype: DType, data: unknown): boolean {
  if (dtype === 'string') return Array.isArray(data);
  const ArrayKind = ARRAYS[dtype];
  if (ArrayKind === undefined) throw invalidInput('dtype', `one of ${DTYPES.join(', ')}`, dtype);
  return data instanceof ArrayKind && !(dtype === 'uint8' && data instanceof Uint8ClampedArray);
}

/**
 * A typed view of little-endian bytes, always copied into memory of its own: the bytes may be unaligned, and a `Buffer`
 * shares its pool with strangers.
 */
export function tensorFromBytes<D extends Exclude<DType, 'string'>>(
  dtype: D,
  dims: readonly number[],
  bytes: Uint8Array,
): Tensor<D> {
  const size = ARRAYS[dtype].BYTES_PER_ELEMENT;
  const count = elementCount(dims);
  if (bytes.byteLength !== count * size)
    throw unfit(
      'bytes',
      `${count * size} bytes for dims [${dims.join(', ')}] of \`${dtype}\``,
      `${bytes.byteLength} bytes`,
    );
  const own = new Uint8Array(bytes.byteLength);
  own.set(bytes);
  return tensor(dtype, dims, new ARRAYS[dtype](own.buffer) as TensorArrays[D]);
}

export function unfit(name: string, expected: string, received: string): MillwrightError<'serving/tensor'> {
  return new MillwrightError('serving/tensor', `Expected tensor \`${name}\` to have ${expected}, got ${received}.`, {
    details: { name, expected, received },
  });
}

function arrayName(dtype: DType): string {
  return dtype === 'string' ? 'an array of strings' : ARRAYS[dtype].name;
}
