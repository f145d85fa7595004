import {
  type mkdir,
  mkdtemp,
  type open,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommitId, digestBytes, encodeUtf8, idSource, seededRandom, systemClock } from '@millwright/core';
import { openLedger } from '@millwright/core/ledger';
import type { LogStore, StoredCommit } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeCalls } from '../../src/fs/disk.js';
import { folder } from '../../src/fs.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millwright-folder-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const nextId = idSource(systemClock, seededRandom(7));
const commit = (seq: number, text = `commit ${seq}`): StoredCommit => ({
  seq,
  commitId: nextId<CommitId>(),
  bytes: encodeUtf8(text),
});

async function fill(log: LogStore, count: number): Promise<void> {
  for (let seq = 1; seq <= count; seq++) expect(await log.append(commit(seq))).toEqual({ kind: 'committed' });
}

async function texts(log: LogStore, range = { from: 1 }): Promise<string[]> {
  const out: string[] = [];
  for await (const { bytes } of log.read(range)) out.push(new TextDecoder().decode(bytes));
  return out;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

const bytesOf = async (stream: ReadableStream<Uint8Array> | undefined) =>
  stream && new Uint8Array(await new Response(stream).arrayBuffer());

const leftovers = async (where: 'log' | 'blobs') => readdir(join(root, where, 'tmp')).catch(() => []);

describe('the log of a folder', () => {
  test('keeps commits in order, for the next process too', async () => {
    await using first = folder(root, { durability: 'relaxed' });
    expect(await first.log.head()).toBeUndefined();
    await fill(first.log, 3);

    await using second = folder(root);
    expect((await second.log.head())?.seq).toBe(3);
    expect(await texts(second.log)).toEqual(['commit 1', 'commit 2', 'commit 3']);
    expect(await leftovers('log')).toEqual([]);
  });

  test('gives a place once, and tells the loser the head', async () => {
    await using a = folder(root);
    await using b = folder(root);
    const outcomes = await Promise.all([a.log.append(commit(1, 'a')), b.log.append(commit(1, 'b'))]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['committed', 'conflict']);
    const [winner] = await texts(a.log);
    expect(outcomes[winner === 'a' ? 1 : 0]).toEqual({ kind: 'conflict', head: await a.log.head() });
    expect(await leftovers('log')).toEqual([]);
  });

  test('finds the head over the edge of a directory, and when the newest directory is still empty', async () => {
    await using storage = folder(root, { durability: 'relaxed' });
    await fill(storage.log, 1001);
    expect((await folder(root).log.head())?.seq).toBe(1001);
    expect(await texts(storage.log, { from: 999 })).toEqual(['commit 999', 'commit 1000', 'commit 1001']);
    await rm(join(root, 'log/000/000/001/001'));
    await rm(join(root, 'log/000/000/001/000'));
    expect((await folder(root).log.head())?.seq).toBe(999);
  });

  test('refuses a commit that does not follow the head', async () => {
    await using storage = folder(root);
    await expect(storage.log.append(commit(2))).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(storage.log.append({ ...commit(1), commitId: '../x' as CommitId })).rejects.toMatchObject({
      code: 'input/invalid',
    });
    expect(await storage.log.head()).toBeUndefined();
  });

  test('names every commit of which one byte was flipped, cut off or added', async () => {
    await using storage = folder(root, { durability: 'relaxed' });
    await fill(storage.log, 1);
    const path = join(root, 'log/000/000/000/001');
    const intact = await readFile(path);
    for (let at = 0; at < intact.length; at++) {
      const damaged = Buffer.from(intact);
      damaged[at]! ^= 1;
      await writeFile(path, damaged);
      await expect(texts(storage.log)).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 1 } });
    }
    for (const length of [0, 10, intact.length - 1]) {
      await writeFile(path, intact);
      await truncate(path, length);
      await expect(folder(root).log.head()).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 1 } });
    }
    await writeFile(path, Buffer.concat([intact, Buffer.from('x')]));
    await expect(texts(storage.log)).rejects.toMatchObject({ code: 'ledger/corrupt' });
  });

  test('does not fill a hole: a missing commit is an error, its place is not free', async () => {
    await using storage = folder(root, { durability: 'relaxed' });
    await fill(storage.log, 3);
    await rm(join(root, 'log/000/000/000/002'));
    await using later = folder(root);
    await expect(texts(later.log)).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 2 } });
    expect((await later.log.append(commit(2))).kind).toBe('conflict');
  });

  test('notices that two commits were exchanged', async () => {
    await using storage = folder(root, { durability: 'relaxed' });
    await fill(storage.log, 2);
    const at = (name: string) => join(root, 'log/000/000/000', name);
    await rename(at('001'), at('x'));
    await rename(at('002'), at('001'));
    await rename(at('x'), at('002'));
    await expect(texts(storage.log)).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 1 } });
  });

  test('leaves foreign files alone and removes what dead writers left a day ago', async () => {
    await using storage = folder(root, { durability: 'relaxed' });
    await fill(storage.log, 1);
    await writeFile(join(root, 'log/000/000/000/notes.txt'), 'mine');
    await writeFile(join(root, 'log/.DS_Store'), '');
    await writeFile(join(root, 'log/tmp/young.tmp'), '');
    await writeFile(join(root, 'log/tmp/old.tmp'), '');
    await writeFile(join(root, 'log/tmp/foreign'), '');
    for (const name of ['old.tmp', 'foreign']) await utimes(join(root, 'log/tmp', name), 0, 0);

    await using later = folder(root, { durability: 'relaxed' });
    expect((await later.log.append(commit(2))).kind).toBe('committed');
    expect(await leftovers('log')).toEqual(['foreign', 'young.tmp']);
    expect(await readFile(join(root, 'log/000/000/000/notes.txt'), 'utf8')).toBe('mine');
  });

  test('refuses a file system without hard links instead of losing commits', async () => {
    const link = async () => {
      throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
    };
    await using storage = folder(root, { calls: { ...nodeCalls, link } });
    await expect(storage.log.append(commit(1))).rejects.toMatchObject({ code: 'storage/unsupported' });
    expect(await storage.log.head()).toBeUndefined();
    expect(await leftovers('log')).toEqual([]);
  });

  test('stops at an abort before anything is visible', async () => {
    await using storage = folder(root);
    const reason = new Error('enough');
    await expect(storage.log.append(commit(1), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await storage.log.head()).toBeUndefined();
  });

  test('is unusable after it was closed', async () => {
    const storage = folder(root);
    await storage[Symbol.asyncDispose]();
    await expect(storage.log.head()).rejects.toMatchObject({ code: 'state/closed' });
    await expect(storage.blobs.stat(digestBytes(new Uint8Array()))).rejects.toMatchObject({ code: 'state/closed' });
  });
});

describe('the blobs of a folder', () => {
  const bytes = encodeUtf8('some model');
  const digest = digestBytes(bytes);
  const size = bytes.byteLength;

  test('come back by digest, whole or in part', async () => {
    await using storage = folder(root);
    expect(await storage.blobs.put(digest, bytes, { size })).toBe('created');
    expect(await storage.blobs.put(digest, bytes, { size })).toBe('exists');
    expect(await bytesOf(await storage.blobs.get(digest))).toEqual(bytes);
    expect(await bytesOf(await storage.blobs.get(digest, { range: { start: 5, end: 10 } }))).toEqual(
      encodeUtf8('model'),
    );
    expect(await storage.blobs.stat(digest)).toMatchObject({ digest, size });
    expect(await storage.blobs.delete(digest)).toBe(true);
    expect(await storage.blobs.delete(digest)).toBe(false);
    expect(await storage.blobs.get(digest)).toBeUndefined();
    expect(await leftovers('blobs')).toEqual([]);
  });

  test('are listed in digest order from after a digest', async () => {
    await using storage = folder(root, { durability: 'relaxed' });
    const digests = Array.from({ length: 40 }, (_, i) => digestBytes(encodeUtf8(`${i}`)));
    for (const [i, d] of digests.entries()) await storage.blobs.put(d, encodeUtf8(`${i}`), { size: `${i}`.length });
    const sorted = digests.toSorted();
    expect((await collect(storage.blobs.list())).map((b) => b.digest)).toEqual(sorted);
    const rest = await collect(storage.blobs.list({ after: sorted[17] }));
    expect(rest.map((b) => b.digest)).toEqual(sorted.slice(18));
  });

  test('are refused and leave nothing behind when the body is another one', async () => {
    await using storage = folder(root);
    const wrong = [encodeUtf8('some modem'), bytes.subarray(1), encodeUtf8('some model!')];
    for (const body of wrong)
      await expect(storage.blobs.put(digest, body, { size })).rejects.toMatchObject({ code: 'storage/corrupt' });
    expect(await storage.blobs.stat(digest)).toBeUndefined();
    expect(await leftovers('blobs')).toEqual([]);
  });

  test('are repaired when the file under the name is too short', async () => {
    await using storage = folder(root);
    await storage.blobs.put(digest, bytes, { size });
    const hex = digest.slice(7);
    await truncate(join(root, 'blobs/sha256', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4)), 3);
    expect(await storage.blobs.put(digest, bytes, { size })).toBe('created');
    expect(await bytesOf(await storage.blobs.get(digest))).toEqual(bytes);
  });

  test('stop at an abort while the body stalls', async () => {
    await using storage = folder(root);
    const controller = new AbortController();
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (stream) => {
        stream.enqueue(bytes.subarray(0, 2));
        controller.abort(new Error('enough'));
        return new Promise(() => undefined);
      },
      cancel: () => {
        cancelled = true;
      },
    });
    await expect(storage.blobs.put(digest, body, { size, signal: controller.signal })).rejects.toThrow('enough');
    expect(cancelled).toBe(true);
    expect(await leftovers('blobs')).toEqual([]);
  });
});

describe('a failing disk', () => {
  /** Fails the call number `at` (open, write, fsync, close, link, …) with `code`; later calls work again. */
  function failing(at: number, code: string) {
    let calls = 0;
    const trip = (name: string) => {
      if (++calls === at) throw Object.assign(new Error(`${code}: injected into ${name}`), { code });
    };
    const wrap =
      <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        trip(name);
        return call(...args);
      };
    const wrapped = {
      ...nodeCalls,
      link: wrap('link', nodeCalls.link),
      mkdir: wrap('mkdir', nodeCalls.mkdir as (...args: unknown[]) => Promise<string | undefined>) as typeof mkdir,
      rename: wrap('rename', nodeCalls.rename),
      unlink: wrap('unlink', nodeCalls.unlink),
      open: (async (...args: Parameters<typeof open>) => {
        trip('open');
        const file = await nodeCalls.open(...args);
        return new Proxy(file, {
          get(target, name) {
            const value = Reflect.get(target, name, target);
            if (typeof value !== 'function') return value;
            if (name === 'sync' || name === 'writeFile') return wrap(name, value.bind(target));
            return value.bind(target);
          },
        });
      }) as typeof open,
    };
    return { calls: wrapped, tripped: () => calls >= at };
  }

  test.each(['EIO', 'ENOSPC'])(
    'with %s at any call of a commit: nothing lost, nothing twice, nothing torn',
    async (code) => {
      for (let at = 1; ; at++) {
        const home = join(root, `${code}-${at}`);
        const { calls, tripped } = failing(at, code);
        const storage = folder(home, { calls });
        const first = commit(1);
        const outcome = await storage.log.append(first).catch((error: unknown) => ({ kind: 'threw', error }) as const);
        if (!tripped()) {
          expect(outcome.kind).toBe('committed');
          expect(at).toBeGreaterThan(10);
          return;
        }
        const found = await collect(folder(home).log.read({ from: 1 }));
        if (outcome.kind === 'threw') {
          expect(outcome.error).toMatchObject({ code: 'storage/failed' });
          expect(found).toEqual([]);
        }
        if (outcome.kind === 'committed') expect(found).toEqual([first]);
        // Whatever was promised, the next writer goes on from what can be read.
        const next = commit(found.length + 1);
        expect(await folder(home).log.append(next)).toEqual({ kind: 'committed' });
        expect(await collect(folder(home).log.read({ from: 1 }))).toEqual([...found, next]);
      }
    },
  );

  test('at the flush of a visible commit makes the outcome unknown and the log unusable', async () => {
    let last = 0;
    for (let at = 1; ; at++) {
      const { calls, tripped } = failing(at, 'EIO');
      const storage = folder(join(root, `${at}`), { calls });
      const outcome = await storage.log.append(commit(1)).catch(() => undefined);
      if (!tripped()) break;
      if (outcome?.kind !== 'unknown') continue;
      last = at;
      const linked = (await folder(join(root, `${at}`)).log.head()) !== undefined;
      if (linked) await expect(storage.log.head()).rejects.toMatchObject({ code: 'storage/unusable' });
    }
    expect(last).toBeGreaterThan(0);
  });

  test('at the flush of a visible commit ends the command at once: trying again could not help', async () => {
    let failing = false;
    const calls = {
      ...nodeCalls,
      open: (async (...args: Parameters<typeof open>) => {
        if (failing && args[1] === 'r') throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
        return nodeCalls.open(...args);
      }) as typeof open,
    };
    // Nobody advances the clock, so a command that waits to try again would never end.
    const ledger = await openLedger({ log: folder(root, { calls }).log, actor: 'maria', clock: virtualClock(0) });
    const write = () => ({ events: [{ type: 'counter.raised', data: {} }], result: undefined });
    await ledger.commit(write);
    failing = true;
    await expect(ledger.commit(write)).rejects.toMatchObject({
      code: 'ledger/commit-unknown',
      cause: { code: 'storage/unusable' },
    });
    await expect(ledger.commit(write)).rejects.toMatchObject({ code: 'storage/unusable' });
    const again = await openLedger({ log: folder(root).log, actor: 'maria' });
    expect(await again.verify()).toMatchObject({ ok: true, events: 3 });
  });

  test.each(['EIO', 'ENOSPC'])('with %s at any call of a blob: all or nothing', async (code) => {
    const bytes = encodeUtf8('some model');
    const digest = digestBytes(bytes);
    for (let at = 1; ; at++) {
      const home = join(root, `${code}-${at}`);
      const { calls, tripped } = failing(at, code);
      const put = await folder(home, { calls })
        .blobs.put(digest, bytes, { size: bytes.byteLength })
        .catch((error: unknown) => error);
      if (!tripped()) return;
      if (put !== 'created') expect(put).toMatchObject({ code: 'storage/failed' });
      const again = folder(home).blobs;
      const found = await bytesOf(await again.get(digest));
      if (put === 'created') expect(found).toEqual(bytes);
      if (found !== undefined) expect(found).toEqual(bytes);
      expect(['created', 'exists']).toContain(await again.put(digest, bytes, { size: bytes.byteLength }));
    }
  });
});
