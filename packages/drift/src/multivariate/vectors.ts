import { invalidInput, MillwrightError, type Random } from '@millwright/core';
import { type ColumnView, isValid } from '@millwright/core/table';

/** Points of equal width, row by row: embeddings, descriptors. */
export interface Vectors {
  readonly rows: number;
  readonly width: number;
  /** Slot `row * width + k`. */
  readonly values: Float32Array | Float64Array;
}

/**
 * The points of a list column, without its null rows. Without a copy when it is one chunk of floats.
 *
 * @throws `table/column` when the column is no list of equal width
 */
export function vectorsOf(column: ColumnView): Vectors {
  const lists = column.chunks.filter((chunk) => chunk.kind === 'list');
  const width = lists[0]?.width;
  if (width === undefined || lists.length !== column.chunks.length || lists.some((chunk) => chunk.width !== width))
    throw new MillwrightError('table/column', `Expected \`${column.name}\` to hold lists of equal width.`, {
      details: { column: column.name, expected: 'a list of equal width', received: column.type },
    });
  const [only] = lists;
  if (lists.length === 1 && only!.nullCount === 0 && isFloat(only!.values))
    return { rows: only!.length, width, values: only!.values.subarray(0, only!.length * width) };
  const values = new Float64Array((column.length - column.nullCount) * width);
  let at = 0;
  for (const chunk of lists)
    for (let i = 0; i < chunk.length; i++) {
      if (!isValid(chunk.validity, i)) continue;
      for (let k = 0; k < width; k++) values[at++] = chunk.values[i * width + k]!;
    }
  return { rows: at / width, width, values };
}

/** Two samples that can be compared: same width, finite, at least two rows each. @throws `input/invalid` */
export function checkPair(reference: Vectors, current: Vectors): void {
  if (reference.width !== current.width)
    throw invalidInput('current', `points of width ${reference.width}, as the reference`, `width ${current.width}`);
  for (const [name, { rows, width, values }] of Object.entries({ reference, current })) {
    if (values.length !== rows * width) throw invalidInput(name, `${rows * width} values`, values.length);
    if (rows < 2) throw invalidInput(name, 'at least two points', rows);
    const bad = values.findIndex((value: number) => value - value !== 0);
    if (bad >= 0) throw invalidInput(`${name}.values[${bad}]`, 'a finite number', values[bad]);
  }
}

/** Squared Euclidean distance of the points that start at slots i and j. */
export function squaredDistance(
  a: Vectors['values'],
  i: number,
  b: Vectors['values'],
  j: number,
  width: number,
): number {
  let sum = 0;
  for (let k = 0; k < width; k++) {
    const difference = a[i + k]! - b[j + k]!;
    sum += difference * difference;
  }
  return sum;
}

/** A shuffle of 0 … n - 1 in place (Fisher and Yates). */
export function shuffle(order: Uint32Array, random: Random): Uint32Array {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}

/** 0 … n - 1 in random order. */
export function randomOrder(n: number, random: Random): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: n }, (_, i) => i),
    random,
  );
}

/** The points at `rows`, copied. */
export function takeVectors({ width, values }: Vectors, rows: Uint32Array): Vectors {
  const out = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < width; k++) out[i * width + k] = values[rows[i]! * width + k]!;
  return { rows: rows.length, width, values: out };
}

function isFloat(values: ArrayLike<number>): values is Float32Array | Float64Array {
  return values instanceof Float64Array || values instanceof Float32Array;
}
