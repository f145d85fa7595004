import { SketchReader } from './bytes.js';
import { EMPTY_FLAGS, FREQUENT_FAMILY, FREQUENT_SERIAL } from './frequent-encode.js';
import { FrequentItems, type FrequentState, MAX_LG_MAX, MIN_LG_MAX } from './frequent-items.js';

/** A sketch of strings in Apache DataSketches bytes. @throws `sketch/corrupt` */
export function decodeFrequentStrings(bytes: Uint8Array): FrequentItems<string> {
  const reader = new SketchReader(bytes, 'frequent strings');
  return new FrequentItems(
    'string',
    readState(reader, 4, () => reader.text(reader.u32())),
  );
}

/** A sketch of 64-bit integers in Apache DataSketches bytes. @throws `sketch/corrupt` */
export function decodeFrequentLongs(bytes: Uint8Array): FrequentItems<bigint> {
  const reader = new SketchReader(bytes, 'frequent longs');
  return new FrequentItems(
    'long',
    readState(reader, 8, () => reader.i64()),
  );
}

function readState<T>(reader: SketchReader, itemBytes: number, readItem: () => T): FrequentState<T> {
  const preamble = reader.u8() & 0x3f;
  const serial = reader.u8();
  const family = reader.u8();
  const lgMax = reader.u8();
  const lgLength = reader.u8();
  const empty = (reader.u8() & EMPTY_FLAGS) !== 0;
  if (family !== FREQUENT_FAMILY) throw reader.corrupt(`the family is ${family}, not ${FREQUENT_FAMILY}`);
  if (serial !== FREQUENT_SERIAL) throw reader.corrupt(`the serial version is ${serial}`);
  if (lgMax < MIN_LG_MAX || lgMax > MAX_LG_MAX || lgLength > lgMax) {
    throw reader.corrupt(`its table is 2^${lgLength} of at most 2^${lgMax}`);
  }
  if (preamble !== (empty ? 1 : 4)) throw reader.corrupt(`the preamble is ${preamble} longs`);
  const counts = new Map<T, number>();
  if (empty) return { lgMax, weight: 0, offset: 0, counts };
  reader.seek(8);
  const size = reader.u32();
  reader.u32();
  const weight = reader.count64('the stream weight');
  const offset = reader.count64('the offset');
  if (size > 0.75 * 2 ** lgMax) throw reader.corrupt(`it holds ${size} items in a table of 2^${lgMax}`);
  reader.need((8 + itemBytes) * size);
  const values = Array.from({ length: size }, () => reader.count64('a count'));
  let sum = 0;
  for (const value of values) {
    if (value === 0) throw reader.corrupt('a count is 0');
    sum += value;
    counts.set(readItem(), value);
  }
  if (counts.size !== size) throw reader.corrupt('an item is there twice');
  if (weight === 0 || sum > weight || offset > weight) {
    throw reader.corrupt(`counts of ${sum} and an offset of ${offset} in a stream of ${weight}`);
  }
  return { lgMax, weight, offset, counts };
}
