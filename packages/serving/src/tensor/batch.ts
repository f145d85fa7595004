import { arrayFor, elementCount, type Tensor, tensor, unfit } from './tensor.js';

/**
 * Rows `start` to `end` of the first dimension, in memory of their own: a caller that keeps or changes one row neither
 * holds the batch alive nor reaches into another's.
 *
 * @throws `serving/tensor` when the tensor is a scalar or the range is outside it
 */
export function sliceRows(t: Tensor, start: number, end: number): Tensor {
  const [rows, ...rest] = t.dims;
  if (rows === undefined || start < 0 || end > rows || start > end)
    throw unfit('rows', `rows ${start} to ${end}`, `dims [${t.dims.join(', ')}]`);
  const width = elementCount(rest);
  return tensor(t.dtype, [end - start, ...rest], t.data.slice(start * width, end * width) as typeof t.data);
}

/**
 * Tensors put below each other along the first dimension, copied.
 *
 * @throws `serving/tensor` when there are none, or their types or other dimensions differ
 */
export function concatRows(parts: readonly Tensor[]): Tensor {
  const first = parts[0];
  if (first === undefined) throw unfit('parts', 'at least one tensor', 'none');
  const rest = first.dims.slice(1);
  const width = elementCount(rest);
  let rows = 0;
  for (const part of parts) {
    if (
      part.dtype !== first.dtype ||
      part.dims.length !== first.dims.length ||
      rest.some((dim, i) => dim !== part.dims[i + 1])
    )
      throw unfit('parts', `${first.dtype} [*, ${rest.join(', ')}]`, `${part.dtype} [${part.dims.join(', ')}]`);
    if (part.dims.length === 0) throw unfit('parts', 'a first dimension', 'a scalar');
    rows += part.dims[0]!;
  }
  if (first.dtype === 'string')
    return tensor(
      'string',
      [rows, ...rest],
      parts.flatMap((part) => part.data as readonly string[]),
    );
  const data = arrayFor(first.dtype, rows * width);
  let at = 0;
  for (const part of parts) {
    (data as Float32Array).set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return tensor(first.dtype, [rows, ...rest], data);
}

/** The tensor repeated to `rows` rows with copies of its first row: padding that no normalisation across rows can trip over. */
export function padRows(t: Tensor, rows: number): Tensor {
  const have = t.dims[0] ?? 0;
  if (have >= rows) return t;
  const first = sliceRows(t, 0, 1);
  return concatRows([t, ...Array.from({ length: rows - have }, () => first)]);
}
