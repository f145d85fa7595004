import { invalidInput, isMillwrightError, MillwrightError, type ResolvedModel } from '@millwright/core';
import type { FieldSpec, Fields } from '@millwright/core/contract';
import type { Codec } from '../engine/types.js';
import { describeSpec } from '../runtime/feeds.js';
import type { TensorSignature, TensorSpec } from '../runtime/types.js';
import { arrayFor, type DType, fromFloat16, type Tensor, type TensorMap, tensor, toFloat16 } from '../tensor/index.js';
import type { Row } from './types.js';

/**
 * Rows of named values to tensors and back:
 * - one tensor per contract input of the same name, `[N]` or `[N, 1]` (numbers, booleans, strings), or `[N, K]` (arrays of K numbers);
 * - or one float matrix `[N, K]` that takes all K numeric contract inputs in their order;
 * - one contract output per output tensor of the same name, or by position; int64 comes back as a number.
 *
 * Without a contract, the names are those of the model.
 *
 * @throws `input/invalid` when contract and signature do not fit each other: pass a codec of your own
 */
export function defaultCodec(model: ResolvedModel, signature: TensorSignature): Codec<Row, Row> {
  const { contract } = model;
  const encoders = encodersOf(contract?.inputs, signature.inputs);
  const decoders = decodersOf(contract?.outputs, signature.outputs);
  return {
    transferable: true,
    encode(rows) {
      const feeds = new Map<string, Tensor>();
      for (const row of rows) if (typeof row !== 'object' || row === null) throw violation('', 'values by name', row);
      for (const encode of encoders) feeds.set(encode.spec.name, encodeReadable(encode, rows));
      return feeds;
    },
    decode(outputs, rows) {
      const columns = decoders.map(({ spec, name }) => ({ name, at: reader(output(outputs, spec), rows) }));
      return Array.from({ length: rows }, (_, i) => {
        const row: Record<string, unknown> = {};
        for (const { name, at } of columns) row[name] = at(i);
        return row;
      });
    },
  };
}

function encodeReadable(encoder: Encoder, rows: readonly Row[]): Tensor {
  try {
    return encoder.rows(rows);
  } catch (error) {
    if (isMillwrightError(error)) throw error;
    // A getter that throws, an integer that does not fit.
    throw violation(encoder.spec.name, describeSpec(encoder.spec), undefined, 'what cannot be read as one');
  }
}

const NUMERIC = new Set<FieldSpec['type']>(['number', 'integer', 'boolean', 'probability', 'timestamp']);

/** Writes one input of every row into one tensor. */
export interface Encoder {
  readonly spec: TensorSpec;
  rows(rows: readonly Row[]): Tensor;
}

function encodersOf(fields: Fields | undefined, inputs: readonly TensorSpec[]): readonly Encoder[] {
  const names = fields === undefined ? inputs.map((spec) => spec.name) : Object.keys(fields);
  if (names.length === inputs.length && inputs.every((spec) => names.includes(spec.name)))
    return inputs.map(columnEncoder);
  const [matrix] = inputs;
  const width = matrix?.dims?.[1];
  const isFloat = matrix?.dtype === 'float32' || matrix?.dtype === 'float64';
  const areNumbers = Object.values(fields ?? {}).every((field) => NUMERIC.has(field.type));
  const fits = width === names.length || typeof width !== 'number';
  if (inputs.length === 1 && isFloat && matrix.dims?.length === 2 && fits && areNumbers)
    return [matrixEncoder(matrix, names)];
  throw invalidInput(
    'codec',
    `a codec for inputs ${names.join(', ')} and tensors ${inputs.map((spec) => `${spec.name}: ${describeSpec(spec)}`).join(', ')}`,
    undefined,
    'The default codec takes one tensor per input, or one float matrix with a column per input.',
  );
}

/** Values of the same name to one tensor: `[N]` or `[N, 1]` of scalars, `[N, K]` of arrays or of tensors with K elements. */
export function columnEncoder(spec: TensorSpec): Encoder {
  const { name, dtype, dims = [] } = spec;
  const inner = dims?.slice(1) ?? [];
  const width = inner.reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 1), 1);
  const put = writer(dtype, name);
  return {
    spec,
    rows(rows) {
      if (width === 1) {
        const data = arrayFor(dtype, rows.length);
        for (let i = 0; i < rows.length; i++) put(data, i, rows[i]![name]);
        return tensor(dtype, [rows.length, ...inner.map(() => 1)], data);
      }
      const data = arrayFor(dtype, rows.length * width);
      for (let i = 0; i < rows.length; i++) {
        const values = elementsOf(rows[i]![name]);
        if (values?.length !== width) throw violation(name, `${width} values`, values);
        if (dtype === 'float32' && values instanceof Float32Array) (data as Float32Array).set(values, i * width);
        else for (let j = 0; j < width; j++) put(data, i * width + j, values[j]);
      }
      return tensor(dtype, [rows.length, ...inner.map((dim) => (typeof dim === 'number' ? dim : 1))], data);
    },
  };
}

function matrixEncoder(spec: TensorSpec, names: readonly string[]): Encoder {
  const width = names.length;
  const dtype = spec.dtype as 'float32' | 'float64';
  return {
    spec,
    rows(rows) {
      const data = arrayFor(dtype, rows.length * width);
      let at = 0;
      for (const row of rows) {
        for (let j = 0; j < width; j++) {
          const value = row[names[j]!];
          data[at++] = typeof value === 'number' ? value : numberOf(value, names[j]!);
        }
      }
      return tensor(dtype, [rows.length, width], data);
    },
  };
}

/** The elements of an array, or of a tensor as contracts have it. */
function elementsOf(value: unknown): ArrayLike<unknown> | undefined {
  const isTensor = typeof value === 'object' && value !== null && 'dims' in value && 'data' in value;
  return (isTensor ? value.data : value) as ArrayLike<unknown> | undefined;
}

/** Stores one value of the element type; the array is of that type by construction. */
function writer(dtype: DType, name: string): (data: Tensor['data'], i: number, value: unknown) => void {
  switch (dtype) {
    case 'string':
      return (data, i, value) => {
        if (typeof value !== 'string') throw violation(name, 'a string', value);
        (data as string[])[i] = value;
      };
    case 'int64':
    case 'uint64':
      return (data, i, value) => {
        if (typeof value !== 'bigint' && !Number.isSafeInteger(Number(value)))
          throw violation(name, 'an integer', value);
        (data as BigInt64Array)[i] = typeof value === 'bigint' ? value : BigInt(numberOf(value, name));
      };
    case 'float16':
      return (data, i, value) => {
        (data as Uint16Array)[i] = toFloat16(numberOf(value, name));
      };
    default:
      return (data, i, value) => {
        (data as Float32Array)[i] = numberOf(value, name);
      };
  }
}

function numberOf(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw violation(name, 'a number', value);
}

function violation(
  path: string,
  expected: string,
  value: unknown,
  received = value === undefined ? 'nothing' : typeof value,
): MillwrightError<'contract/violated'> {
  return new MillwrightError('contract/violated', `Expected \`${path}\` to be ${expected}, got ${received}.`, {
    details: { violations: [{ path, expected, received }] },
  });
}

function decodersOf(
  fields: Fields | undefined,
  outputs: readonly TensorSpec[],
): readonly { spec: TensorSpec; name: string }[] {
  const names = fields === undefined ? outputs.map((spec) => spec.name) : Object.keys(fields);
  const byName = names.map((name) => outputs.find((spec) => spec.name === name));
  if (byName.every((spec) => spec !== undefined)) return byName.map((spec, i) => ({ spec, name: names[i]! }));
  if (names.length === outputs.length) return outputs.map((spec, i) => ({ spec, name: names[i]! }));
  throw invalidInput(
    'codec',
    `a codec for outputs ${names.join(', ')} of tensors ${outputs.map((spec) => spec.name).join(', ')}`,
    undefined,
  );
}

function output(outputs: TensorMap, spec: TensorSpec): Tensor {
  const found = outputs.get(spec.name);
  if (found !== undefined) return found;
  throw new MillwrightError('serving/model-failed', `The model gave no output \`${spec.name}\`.`, {
    details: { model: spec.name },
  });
}

/** Reads row i: a scalar, or an array when the model gives several values per row. */
export function reader(t: Tensor, rows: number): (i: number) => unknown {
  const width = t.data.length / rows;
  const { data } = t;
  if (t.dtype === 'float16') return (i) => fromFloat16(data[i] as number);
  if (width !== 1) return (i) => Array.from({ length: width }, (_, j) => plain(data[i * width + j]!));
  if (t.dtype === 'bool') return (i) => data[i] === 1;
  if (t.dtype === 'int64' || t.dtype === 'uint64') return (i) => plain(data[i]!);
  return (i) => data[i];
}

function plain(value: number | bigint | string): number | bigint | string {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
