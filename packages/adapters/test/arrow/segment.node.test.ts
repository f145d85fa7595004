import { segmentToArrow } from '@millwright/adapters/arrow';
import { isMillwrightError, type JsonObject } from '@millwright/core';
import { expireSegments, openLedger, segmentProjection, segmentWriter } from '@millwright/core/ledger';
import { type BlobStore, memoryBlobs, memoryLog } from '@millwright/core/storage';
import { columnOf, tableFromArrow, valueAt } from '@millwright/core/table';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, test } from 'vitest';

async function sealed(records: readonly JsonObject[]) {
  const blobs = memoryBlobs();
  const ledger = await openLedger({ log: memoryLog(), blobs, actor: 'tests', projections: [segmentProjection] });
  const writer = segmentWriter({ ledger, blobs, stream: 'decisions' });
  for (const record of records) writer.append(record);
  await writer.flush();
  const [segment] = ledger.state(segmentProjection).get('decisions')!;
  return { blobs, ledger, segment: segment! };
}

describe('a segment as Arrow IPC', () => {
  test('is read back by Arrow and by our own columns', async () => {
    const { blobs, segment } = await sealed([
      { decision: 'a', latencyMs: 1.5, cached: false, arm: 'champion' },
      { decision: 'b', latencyMs: 2, cached: true, arm: 'challenger', note: { retry: 1 } },
      { decision: 'c', latencyMs: null, arm: 'champion' },
    ]);
    const arrow = tableFromIPC((await segmentToArrow(blobs, segment))!);
    expect(arrow.schema.fields.map(({ name }) => name)).toEqual(['arm', 'cached', 'decision', 'latencyMs', 'note']);
    const table = tableFromArrow(arrow);
    const column = (name: string) => Array.from({ length: 3 }, (_, row) => valueAt(columnOf(table, name), row));
    expect(column('decision')).toEqual(['a', 'b', 'c']);
    expect(column('latencyMs')).toEqual([1.5, 2, null]);
    expect(column('cached')).toEqual([false, true, null]);
    expect(column('note')).toEqual([null, '{"retry":1}', null]);
  });

  test('members of several kinds become JSON text, and names from a prototype are plain names', async () => {
    const { blobs, segment } = await sealed([JSON.parse('{"x":1,"__proto__":5}'), { x: 'one', toString: 'text' }]);
    const arrow = tableFromIPC((await segmentToArrow(blobs, segment))!);
    const read = (name: string) => [...(arrow.getChild(name) ?? [])];
    expect(read('x')).toEqual(['1', '"one"']);
    expect(read('__proto__')).toEqual([5, null]);
    expect(read('toString')).toEqual([null, 'text']);
  });

  test('a deleted segment is undefined, a changed one is refused', async () => {
    const { blobs, ledger, segment } = await sealed([{ a: 1 }]);
    const forged: BlobStore = Object.assign(memoryBlobs(), {
      get: async () => new Response('{}\n{"a":2}\n').body!,
    });
    const error = await segmentToArrow(forged, segment).catch((caught: unknown) => caught);
    expect(isMillwrightError(error, 'storage/corrupt')).toBe(true);
    await expireSegments(ledger, blobs, { stream: 'decisions', before: Number.MAX_SAFE_INTEGER });
    expect(await segmentToArrow(blobs, segment)).toBeUndefined();
  });
});
