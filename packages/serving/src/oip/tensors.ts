import { invalidInput } from '@millwright/core';
import {
  byteLength,
  elementCount,
  fromFloat16,
  type Tensor,
  tensor,
  tensorFromBytes,
  toFloat16,
} from '../tensor/index.js';
import { unfit } from '../tensor/tensor.js';
import { DTYPE_OF, datatypeOf } from './datatypes.js';
import { numbersToJson } from './exact-json.js';

/** A tensor as the protocol's JSON names it; its values are in `data`, or in `binary_data_size` bytes behind the JSON. */
export interface TensorHeader {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters?: { readonly binary_data_size?: number | undefined } | undefined;
  readonly data?: unknown;
}

/** The JSON of a tensor, and its bytes when it goes as binary: little-endian, row-major, strings behind their length. */
export interface EncodedTensor {
  readonly json: string;
  readonly blob: Uint8Array | undefined;
}

/**
 * @throws `serving/tensor` for a number that is not finite and has to go as JSON (which has none), and for a string that
 *   is not well-formed Unicode
 */
export function encodeTensor(name: string, t: Tensor, binary: boolean): EncodedTensor {
  const head = `{"name":${JSON.stringify(name)},"datatype":"${datatypeOf(t.dtype)}","shape":[${t.dims.join(',')}]`;
  if (!binary) return { json: `${head},"data":${dataToJson(name, t)}}`, blob: undefined };
  const blob = blobOf(name, t);
  return { json: `${head},"parameters":{"binary_data_size":${blob.byteLength}}}`, blob };
}

/**
 * @param blob what follows the JSON for this tensor; undefined when its values are in `data`
 * @throws `serving/tensor`, `input/invalid`: values that do not fit their type, their shape or their length
 */
export function decodeTensor(header: TensorHeader, blob: Uint8Array | undefined): Tensor {
  const { name, datatype, shape, data } = header;
  const dtype = DTYPE_OF.get(datatype);
  if (dtype === undefined)
    throw invalidInput(`${name}.datatype`, `one of ${[...DTYPE_OF.keys()].join(', ')}`, datatype);
  const count = elementCount(shape);
  if (blob !== undefined) {
    if (data !== undefined) throw invalidInput(name, 'a tensor in JSON or in binary', 'both');
    return fromBlob(header, dtype, count, blob);
  }
  const values = flatten(name, data, count);
  return tensor(dtype, shape, READERS[dtype](values, name) as Tensor['data']) as Tensor;
}

function dataToJson(name: string, t: Tensor): string {
  switch (t.dtype) {
    case 'string':
      for (const text of t.data) checkText(name, text);
      return JSON.stringify(t.data);
    case 'bool':
      return `[${Array.from(t.data, (value) => value !== 0).join(',')}]`;
    case 'int64':
    case 'uint64':
      return `[${t.data.join(',')}]`;
    case 'float16':
      return numbersToJson(Float32Array.from(t.data, fromFloat16)) ?? refuseNotFinite(name);
    default:
      return numbersToJson(t.data) ?? refuseNotFinite(name);
  }
}

function blobOf(name: string, t: Tensor): Uint8Array {
  if (t.dtype !== 'string') return new Uint8Array(t.data.buffer, t.data.byteOffset, byteLength(t));
  const encoder = new TextEncoder();
  const parts = t.data.map((text) => encoder.encode(checkText(name, text)));
  const blob = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(blob.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    blob.set(part, at + 4);
    at += 4 + part.length;
  }
  return blob;
}

function fromBlob({ name, shape }: TensorHeader, dtype: Tensor['dtype'], count: number, blob: Uint8Array): Tensor {
  if (dtype === 'string') return tensor('string', shape, textsOf(name, count, blob));
  const decoded: Tensor = tensorFromBytes(dtype, shape, blob);
  if (decoded.dtype === 'bool' && decoded.data.some((value) => value > 1))
    throw unfit(name, 'booleans of 0 or 1', 'another byte');
  return decoded;
}

function textsOf(name: string, count: number, blob: Uint8Array): readonly string[] {
  // Each string takes four bytes at least: a lying shape cannot make us allocate more than the body has.
  if (count * 4 > blob.byteLength) throw unfit(name, `${count} strings`, `${blob.byteLength} bytes`);
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  let at = 0;
  while (texts.length < count) {
    const length = at + 4 <= blob.byteLength ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > blob.byteLength) throw unfit(name, `${count} strings`, 'a length that runs past the end');
    try {
      texts.push(decoder.decode(blob.subarray(at + 4, at + 4 + length)));
    } catch {
      throw unfit(name, 'strings in UTF-8', 'other bytes');
    }
    at += 4 + length;
  }
  if (at !== blob.byteLength) throw unfit(name, `${count} strings`, `${blob.byteLength - at} bytes more`);
  return texts;
}

/** The values of `data`, flat or nested by shape. Stops as soon as there are more than the shape allows. */
function flatten(name: string, data: unknown, count: number): readonly unknown[] {
  const flat: unknown[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (!Array.isArray(value)) {
      if (flat.length === count) throw unfit(name, `${count} values`, 'more');
      flat.push(value);
    } else if (depth < MAX_RANK) for (const item of value) visit(item, depth + 1);
    else throw unfit(name, `at most ${MAX_RANK} dimensions`, 'more');
  };
  if (!Array.isArray(data)) throw invalidInput(`${name}.data`, 'an array', data);
  visit(data, 0);
  if (flat.length !== count) throw unfit(name, `${count} values`, `${flat.length}`);
  return flat;
}

/** Dimensions of a tensor, and levels of nested data. */
export const MAX_RANK = 32;

type Reader = (values: readonly unknown[], name: string) => Tensor['data'];

const READERS: Readonly<Record<Tensor['dtype'], Reader>> = {
  bool: (values, name) =>
    Uint8Array.from(values, (value) => (typeof value === 'boolean' ? +value : wrong(name, value))),
  uint8: (values, name) => Uint8Array.from(values, integer(name, 0, 0xff)),
  uint16: (values, name) => Uint16Array.from(values, integer(name, 0, 0xffff)),
  uint32: (values, name) => Uint32Array.from(values, integer(name, 0, 0xffffffff)),
  uint64: (values, name) => BigUint64Array.from(values, long(name, 0n, 2n ** 64n - 1n)),
  int8: (values, name) => Int8Array.from(values, integer(name, -0x80, 0x7f)),
  int16: (values, name) => Int16Array.from(values, integer(name, -0x8000, 0x7fff)),
  int32: (values, name) => Int32Array.from(values, integer(name, -0x80000000, 0x7fffffff)),
  int64: (values, name) => BigInt64Array.from(values, long(name, -(2n ** 63n), 2n ** 63n - 1n)),
  float16: (values, name) =>
    Uint16Array.from(values, (value) => {
      const half = toFloat16(finite(name, value));
      return Number.isFinite(fromFloat16(half)) ? half : wrong(name, value);
    }),
  float32: (values, name) =>
    Float32Array.from(values, (value) =>
      Number.isFinite(Math.fround(finite(name, value))) ? Number(value) : wrong(name, value),
    ),
  float64: (values, name) => Float64Array.from(values, (value) => finite(name, value)),
  string: (values, name) =>
    values.map((value) => (typeof value === 'string' ? checkText(name, value) : wrong(name, value))),
};

function integer(name: string, min: number, max: number): (value: unknown) => number {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : wrong(name, value);
}

function long(name: string, min: bigint, max: bigint): (value: unknown) => bigint {
  return (value) => {
    const whole =
      typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value as bigint) : wrong(name, value);
    return whole >= min && whole <= max ? whole : wrong(name, value);
  };
}

/** An integer with more than 53 bits came as a bigint: a float takes the nearest it has. */
function finite(name: string, value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : wrong(name, value);
}

function checkText(name: string, text: string): string {
  if (!text.isWellFormed()) throw unfit(name, 'well-formed Unicode', 'a lone surrogate');
  return text;
}

function wrong(name: string, value: unknown): never {
  throw unfit(name, 'values of its type', String(typeof value === 'string' ? 'a string' : value).slice(0, 40));
}

function refuseNotFinite(name: string): never {
  throw unfit(name, 'finite numbers, which is all that JSON has (binary data takes the others)', 'NaN or an infinity');
}
