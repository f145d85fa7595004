import type { ColumnView } from '@millwright/core/table';

const encoder = new TextEncoder();

/** A column `x` of UTF-8 bytes, as Arrow has it, from strings. */
export function utf8Column(values: readonly (string | null)[]): ColumnView {
  const encoded = values.map((value) => encoder.encode(value ?? ''));
  const offsets = new Int32Array(values.length + 1);
  for (const [i, bytes] of encoded.entries()) offsets[i + 1] = offsets[i]! + bytes.length;
  const bytes = new Uint8Array(offsets[values.length]!);
  for (const [i, part] of encoded.entries()) bytes.set(part, offsets[i]!);
  const bits = new Uint8Array((values.length + 7) >> 3);
  for (const [i, value] of values.entries()) if (value !== null) bits[i >> 3]! |= 1 << (i & 7);
  const nullCount = values.filter((value) => value === null).length;
  const validity = nullCount === 0 ? undefined : { bits, offset: 0 };
  const { length } = values;
  const chunk = { kind: 'utf8', length, nullCount, validity, offsets, bytes } as const;
  return { name: 'x', type: 'utf8', length, nullCount, chunks: [chunk] };
}
