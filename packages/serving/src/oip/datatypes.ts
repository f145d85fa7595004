import type { DType } from '../tensor/index.js';

/** Our element types by the protocol's names. `BYTES` is held as text: UTF-8, and refused where it is not. */
export const DTYPE_OF: ReadonlyMap<string, DType> = new Map([
  ['BOOL', 'bool'],
  ['UINT8', 'uint8'],
  ['UINT16', 'uint16'],
  ['UINT32', 'uint32'],
  ['UINT64', 'uint64'],
  ['INT8', 'int8'],
  ['INT16', 'int16'],
  ['INT32', 'int32'],
  ['INT64', 'int64'],
  ['FP16', 'float16'],
  ['FP32', 'float32'],
  ['FP64', 'float64'],
  ['BYTES', 'string'],
]);

const DATATYPE_OF: ReadonlyMap<DType, string> = new Map([...DTYPE_OF].map(([datatype, dtype]) => [dtype, datatype]));

/** The protocol's name of an element type: `FP32` for `float32`. */
export function datatypeOf(dtype: DType): string {
  return DATATYPE_OF.get(dtype)!;
}
