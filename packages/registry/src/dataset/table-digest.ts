import { type Abortable, type Digest, digestStream, encodeUtf8, MillwrightError } from '@millwright/core';
import { type ColumnChunk, type ColumnView, isValid, readCodes, type Table } from '@millwright/core/table';

/**
 * The digest of a table's content: names, types and values of its columns in order of name. How columns are cut into
 * chunks, whether strings come in a dictionary and what bytes stand under a null make no difference.
 * One pass, about a gigabyte per second in Node.
 *
 * @throws `table/column` for a column of a type whose values cannot be read (decimal, nested)
 */
export async function tableDigest(table: Table, options: Abortable = {}): Promise<Digest> {
  return (await digestStream(content(table, options.signal))).digest;
}

async function* content(table: Table, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const names = [...table.columns.keys()].sort();
  yield encodeUtf8(`millwright.table/1\n${JSON.stringify([table.rowCount, names])}\n`);
  for (const name of names) {
    signal?.throwIfAborted();
    const column = table.columns.get(name)!;
    const strings = column.type === 'utf8' || column.type === 'dictionary';
    yield encodeUtf8(
      `${JSON.stringify([strings ? 'text' : column.type, column.unitsPerMs ?? null, column.nullCount])}\n`,
    );
    yield* strings ? words(column) : values(column);
  }
}

/** Codes in order of first use, and the words they stand for. */
function* words(column: ColumnView): Generator<Uint8Array> {
  const { codes, dictionary } = readCodes(column);
  const renamed = new Int32Array(dictionary.length).fill(-1);
  const used: string[] = [];
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code < 0) continue;
    if (renamed[code] === -1) {
      renamed[code] = used.length;
      used.push(dictionary[code]!);
    }
    codes[i] = renamed[code]!;
  }
  yield bytesOf(codes);
  yield encodeUtf8(JSON.stringify(used));
}

/** First which slots hold a value, then the values, so that chunks leave no trace. */
function* values(column: ColumnView): Generator<Uint8Array> {
  if (column.nullCount > 0)
    for (const chunk of column.chunks)
      yield Uint8Array.from({ length: chunk.length }, (_, i) => +isValid(chunk.validity, i));
  for (const chunk of column.chunks) yield valueBytes(column, chunk);
}

function valueBytes(column: ColumnView, chunk: ColumnChunk): Uint8Array {
  switch (chunk.kind) {
    case 'number':
    case 'big':
      return withoutNulls(chunk, bytesOf(chunk.values.subarray(0, chunk.length)));
    case 'list':
      return withoutNulls(chunk, bytesOf(chunk.values.subarray(0, chunk.length * chunk.width)));
    case 'bool':
      return Uint8Array.from({ length: chunk.length }, (_, i) => {
        const bit = chunk.offset + i;
        return isValid(chunk.validity, i) ? (chunk.bits[bit >> 3]! >> (bit & 7)) & 1 : 0;
      });
    default:
      throw new MillwrightError(
        'table/column',
        `The column \`${column.name}\` (${column.type}) has no digest. Give the dataset a \`digest\` of its own.`,
        { details: { column: column.name, expected: 'numbers, booleans or strings', received: column.type } },
      );
  }
}

/** The bytes with zeros in the slots that are null. */
function withoutNulls(chunk: ColumnChunk, bytes: Uint8Array): Uint8Array {
  if (chunk.nullCount === 0) return bytes;
  const width = bytes.byteLength / chunk.length;
  const copy = bytes.slice();
  for (let i = 0; i < chunk.length; i++) if (!isValid(chunk.validity, i)) copy.fill(0, i * width, (i + 1) * width);
  return copy;
}

/** The memory of a typed array. Little-endian, as on every platform that runs JavaScript today. */
function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
