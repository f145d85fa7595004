import { concatRows, sliceRows, type TensorMap } from '../tensor/index.js';
import type { Codec } from './types.js';

/** Tensors in, tensors out, one or more rows per request: for callers that speak the model's own language. */
export function tensorCodec(): Codec<TensorMap, TensorMap> {
  return {
    encode: join,
    decode: (outputs, rows) => Array.from({ length: rows }, (_, row) => slice(outputs, row, row + 1)),
    many: { rows, slice, decode: slice, join },
  };
}

/** The first dimension of the first tensor; a scalar is one row. */
function rows(map: TensorMap): number {
  for (const { dims } of map.values()) return dims[0] ?? 1;
  return 0;
}

function slice(map: TensorMap, start: number, end: number): TensorMap {
  return new Map([...map].map(([name, each]) => [name, sliceRows(each, start, end)]));
}

function join(maps: readonly TensorMap[]): TensorMap {
  const [first] = maps;
  if (maps.length === 1) return first!;
  // A name that only some have comes out with too few rows, which the check of the feeds refuses.
  const named = (name: string) => maps.flatMap((map) => map.get(name) ?? []);
  return new Map([...(first?.keys() ?? [])].map((name) => [name, concatRows(named(name))]));
}
