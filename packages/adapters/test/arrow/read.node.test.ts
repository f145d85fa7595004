import { readArrow } from '@millwright/adapters/arrow';
import { rowOf } from '@millwright/core/table';
import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';

const source = new arrow.Table({
  id: arrow.vectorFromArray([1, 2, null, 4], new arrow.Int32()),
  word: arrow.vectorFromArray(['x', 'y', 'x', null], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
});
const batches = new arrow.Table([...source.slice(0, 2).batches, ...source.slice(2).batches]);
const corrupt = expect.objectContaining({ code: 'table/corrupt' });

describe.each(['stream', 'file'] as const)('an Arrow %s', (format) => {
  const bytes = arrow.tableToIPC(batches, format);

  test('is read', async () => {
    const table = await readArrow(bytes);
    expect([0, 1, 2, 3].map((row) => rowOf(table, row))).toEqual(
      [1, 2, null, 4].map((id, i) => ({ id, word: ['x', 'y', 'x', null][i] })),
    );
  });

  test('cut off anywhere is refused, never a shorter table', async () => {
    // The last bytes of a stream say that it ends; what comes after them is not read.
    const end = format === 'stream' ? bytes.length - 4 : bytes.length;
    for (let length = 0; length < end; length++)
      await expect(readArrow(bytes.slice(0, length)), `${length} bytes`).rejects.toThrow(corrupt);
  });

  test('that lies in a buffer is refused', async () => {
    const changed = bytes.slice();
    const parsed = arrow.tableFromIPC(changed);
    const codes = parsed.batches[0]!.data.children[1]!.values as Int8Array;
    codes[0] = 100;
    await expect(readArrow(changed)).rejects.toThrow(corrupt);
  });
});

test('a stream may be left open when that is said', async () => {
  const bytes = arrow.tableToIPC(batches, 'stream').slice(0, -8);
  await expect(readArrow(bytes)).rejects.toThrow(/without saying so/);
  expect((await readArrow(bytes, { openEnd: true })).rowCount).toBe(4);
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['text', new TextEncoder().encode('this is no Arrow at all, only text')],
  ['zeros before the end', Uint8Array.of(1, 0, 0, 0, 9)],
  ['a negative size', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 0, 0)],
])('%s is no Arrow', async (_, bytes) => {
  await expect(readArrow(bytes)).rejects.toThrow(corrupt);
});
