import { digestBytes, encodeUtf8, idSource, isMillwrightError } from '@millwright/core';
import { collect, memoryBlobs, memoryLog, type StoredCommit, streamOf } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';

const nextId = idSource();
const commit = (seq: number, text = `commit ${seq}`): StoredCommit => ({
  seq,
  commitId: nextId(),
  bytes: encodeUtf8(text),
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

describe('memoryLog', () => {
  test('appends in order and reads back what was written', async () => {
    const log = memoryLog();
    expect(await log.head()).toBeUndefined();
    const [first, second] = [commit(1), commit(2)];
    expect(await log.append(first)).toEqual({ kind: 'committed' });
    expect(await log.append(second)).toEqual({ kind: 'committed' });
    expect(await log.head()).toEqual({ seq: 2, commitId: second.commitId });
    expect(await all(log.read({ from: 1 }))).toEqual([first, second]);
    expect(await all(log.read({ from: 2, limit: 5 }))).toEqual([second]);
    expect(await all(log.read({ from: 3 }))).toEqual([]);
    expect(await all(log.read({ from: 1, limit: 1 }))).toEqual([first]);
  });

  test('gives a place away once and names the head in a conflict', async () => {
    const log = memoryLog();
    const winner = commit(1);
    await log.append(winner);
    expect(await log.append(commit(1))).toEqual({ kind: 'conflict', head: { seq: 1, commitId: winner.commitId } });
    expect(await log.append(winner)).toMatchObject({ kind: 'conflict' });
  });

  test('refuses a gap, because only a bug can ask for one', async () => {
    await expect(memoryLog().append(commit(2))).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(memoryLog().append(commit(0))).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(memoryLog().append({ ...commit(1), bytes: new Uint8Array(1_048_577) })).rejects.toMatchObject({
      code: 'input/too-large',
    });
  });

  test('copies bytes in and out', async () => {
    const log = memoryLog();
    const mine = commit(1, 'abc');
    await log.append(mine);
    mine.bytes[0] = 0;
    const [read] = await all(log.read({ from: 1 }));
    expect(read!.bytes).toEqual(encodeUtf8('abc'));
    read!.bytes[0] = 0;
    expect((await all(log.read({ from: 1 })))[0]!.bytes).toEqual(encodeUtf8('abc'));
  });

  test('does nothing when already aborted', async () => {
    const log = memoryLog();
    const signal = AbortSignal.abort();
    await expect(log.append(commit(1), { signal })).rejects.toBe(signal.reason);
    expect(await log.head()).toBeUndefined();
  });
});

describe('memoryBlobs', () => {
  const bytes = encodeUtf8('model weights');
  const digest = digestBytes(bytes);

  test('stores once, reads whole and in ranges, lists and deletes', async () => {
    const blobs = memoryBlobs();
    expect(await blobs.put(digest, bytes, { size: bytes.length })).toBe('created');
    expect(await blobs.put(digest, streamOf(inTwo(bytes)), { size: bytes.length })).toBe('exists');
    expect(await collect((await blobs.get(digest))!)).toEqual(bytes);
    expect(await collect((await blobs.get(digest, { range: { start: 6, end: 13 } }))!)).toEqual(encodeUtf8('weights'));
    expect(await collect((await blobs.get(digest, { range: { start: 6, end: 99 } }))!)).toEqual(encodeUtf8('weights'));
    expect(await collect((await blobs.get(digest, { range: { start: 99, end: 100 } }))!)).toHaveLength(0);
    expect(await blobs.stat(digest)).toEqual({ digest, size: 13 });
    expect(await all(blobs.list())).toEqual([{ digest, size: 13 }]);
    expect(await all(blobs.list({ after: digest }))).toEqual([]);
    expect(await blobs.delete(digest)).toBe(true);
    expect(await blobs.delete(digest)).toBe(false);
    expect(await blobs.get(digest)).toBeUndefined();
    expect(await blobs.stat(digest)).toBeUndefined();
  });

  test('refuses bytes that are not what they are called, and keeps nothing of them', async () => {
    const blobs = memoryBlobs();
    const wrong = encodeUtf8('model weightz');
    const error = await blobs.put(digest, wrong, { size: wrong.length }).catch((e: unknown) => e);
    expect(isMillwrightError(error, 'storage/corrupt')).toBe(true);
    await expect(blobs.put(digest, bytes, { size: 12 })).rejects.toMatchObject({ code: 'storage/corrupt' });
    await expect(blobs.put(digest, bytes, { size: 14 })).rejects.toMatchObject({ code: 'storage/corrupt' });
    expect(await all(blobs.list())).toEqual([]);
  });

  test('takes the empty blob', async () => {
    const blobs = memoryBlobs();
    const empty = digestBytes(new Uint8Array());
    await blobs.put(empty, new Uint8Array(), { size: 0 });
    expect(await collect((await blobs.get(empty))!)).toHaveLength(0);
  });

  test('a caller may change its bytes afterwards', async () => {
    const blobs = memoryBlobs();
    const mine = bytes.slice();
    await blobs.put(digest, mine, { size: mine.length });
    mine.fill(0);
    const read = await collect((await blobs.get(digest))!);
    expect(digestBytes(read)).toBe(digest);
    read.fill(0);
    expect(digestBytes(await collect((await blobs.get(digest))!))).toBe(digest);
  });

  test('stops on abort in the middle of a body', async () => {
    const blobs = memoryBlobs();
    const abort = new AbortController();
    async function* body() {
      yield bytes.subarray(0, 5);
      abort.abort();
      yield bytes.subarray(5);
    }
    await expect(blobs.put(digest, body(), { size: bytes.length, signal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(await blobs.stat(digest)).toBeUndefined();
  });
});

async function* inTwo(bytes: Uint8Array) {
  yield bytes.subarray(0, 3);
  yield bytes.subarray(3);
}
