import { MillwrightError } from '../foundation/errors.js';
import type { ColumnChunk, DictionaryChunk, Utf8Chunk } from './types.js';
import { isValid } from './validity.js';

/**
 * Refuses a chunk whose buffers contradict each other: too short, offsets that go back or beyond the bytes, codes
 * outside the dictionary. After this, kernels read without bounds of their own. One pass over offsets and codes.
 *
 * @throws `table/corrupt`
 */
export function checkChunk(column: string, chunk: ColumnChunk): void {
  const { length, validity } = chunk;
  if (!Number.isSafeInteger(length) || length < 0) throw corruptColumn(column, `a chunk claims ${length} rows`);
  if (validity !== undefined && validity.bits.length * 8 < validity.offset + length)
    throw corruptColumn(column, `the validity bitmap has ${validity.bits.length} bytes for ${length} rows`);
  if (chunk.kind === 'number' || chunk.kind === 'big') atLeast(column, 'values', chunk.values.length, length);
  else if (chunk.kind === 'bool') atLeast(column, 'bits', chunk.bits.length * 8, chunk.offset + length);
  else if (chunk.kind === 'list') atLeast(column, 'list values', chunk.values.length, length * chunk.width);
  else if (chunk.kind === 'utf8') checkOffsets(column, chunk);
  else if (chunk.kind === 'dictionary') checkCodes(column, chunk);
  else checkUnbacked(column, length, MAX_OPAQUE);
}

/** Nothing but a number says how long a chunk without buffers is: an absurd one would have everyone walk it. */
const MAX_OPAQUE = 2 ** 31;

/** Refuses more rows than a chunk can sensibly have that has nothing to show for them. @throws `table/corrupt` */
export function checkUnbacked(column: string, length: number, most: number): void {
  if (length > most) throw corruptColumn(column, `a chunk without buffers claims ${length} rows`);
}

/** The `table/corrupt` error for a column. */
export function corruptColumn(column: string, reason: string): MillwrightError<'table/corrupt'> {
  return new MillwrightError(
    'table/corrupt',
    `Column \`${column}\` is corrupt: ${reason}. Read it again from its source.`,
    {
      details: { column, reason },
    },
  );
}

function atLeast(column: string, what: string, actual: number, needed: number): void {
  if (!(actual >= needed)) throw corruptColumn(column, `${what} has ${actual} entries where ${needed} are needed`);
}

function checkOffsets(column: string, chunk: Utf8Chunk): void {
  const { offsets, bytes, length } = chunk;
  if (length === 0) return;
  atLeast(column, 'offsets', offsets.length, length + 1);
  const sound = offsets instanceof Int32Array ? ascends(offsets, length) : ascendsBig(offsets, length);
  if (!sound) throw corruptColumn(column, 'string offsets go backwards');
  if (Number(offsets[0]) < 0 || Number(offsets[length]) > bytes.length)
    throw corruptColumn(column, `string offsets reach ${offsets[length]} in ${bytes.length} bytes`);
}

function ascends(offsets: Int32Array, length: number): boolean {
  let back = 0;
  for (let i = 0; i < length; i++) back |= offsets[i + 1]! < offsets[i]! ? 1 : 0;
  return back === 0;
}

function ascendsBig(offsets: BigInt64Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (offsets[i + 1]! < offsets[i]!) return false;
  return true;
}

function checkCodes(column: string, chunk: DictionaryChunk): void {
  const { codes, dictionary, length, validity } = chunk;
  atLeast(column, 'codes', codes.length, length);
  const size = dictionary.length;
  for (let i = 0; i < length; i++) {
    // Null slots may hold any code.
    if (codes[i]! >>> 0 >= size && isValid(validity, i))
      throw corruptColumn(column, `code ${codes[i]} at row ${i} is outside a dictionary of ${size}`);
  }
}
