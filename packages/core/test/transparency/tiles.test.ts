import { encodeUtf8, seededRandom } from '@millwright/core';
import { leafHash, nodeHash, openLedger, verifyLog } from '@millwright/core/ledger';
import { memoryLog } from '@millwright/core/storage';
import { pessimisticLog, virtualClock } from '@millwright/core/testing';
import { exportTiles, importTiles, tilePath, verifyTiles } from '@millwright/core/transparency';
import { beforeAll, describe, expect, test } from 'vitest';
import { tileColumns } from '../../src/transparency/tile-columns.js';
import { all } from '../ledger/support.js';
import { filesOf, type LogKey, ledgerOf, more, newLogKey, ORIGIN, readerOf, signedBy } from './support.js';

let key: LogKey;
let verifiers: readonly LogKey['verifier'][];
beforeAll(async () => {
  key = await newLogKey();
  verifiers = [key.verifier];
});

describe('paths of tlog-tiles', () => {
  test.each([
    [0, 0, undefined, 'tile/0/000'],
    [0, 999, undefined, 'tile/0/999'],
    [0, 1_000, undefined, 'tile/0/x001/000'],
    [1, 1_234_067, undefined, 'tile/1/x001/x234/067'],
    [63, 5, 1, 'tile/63/005.p/1'],
    [0, 273, 112, 'tile/0/273.p/112'],
    ['entries', 1_000_000, 256, 'tile/entries/x001/x000/000'],
    ['entries', 12, 255, 'tile/entries/012.p/255'],
  ] as const)('level %s, tile %i, width %s is %s', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  });

  test('no others', () => {
    for (const [level, index, width] of [
      [-1, 0, 1],
      [64, 0, 1],
      [0.5, 0, 1],
      [0, -1, 1],
      [0, 2 ** 53, 1],
      [0, 0, 0],
      [0, 0, 257],
    ] as const)
      expect(() => tilePath(level, index, width)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  test('a tree of 70,000 leaves has the tiles that the specification counts', () => {
    const columns = tileColumns();
    const leaf = leafHash(encodeUtf8('leaf'));
    const full: string[] = [];
    for (let i = 0; i < 70_000; i++) for (const { path } of columns.push(leaf)) full.push(path);
    expect(full.filter((path) => path.startsWith('tile/0/'))).toHaveLength(273);
    expect(full.filter((path) => !path.startsWith('tile/0/'))).toEqual(['tile/1/000']);
    expect(columns.rest().map(({ path }) => path)).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']);
  });

  test('a tree of 256 leaves has a full tile and a partial one above it', () => {
    const columns = tileColumns();
    expect(columns.rest()).toEqual([]);
    for (let i = 0; i < 256; i++) columns.push(leafHash(Uint8Array.of(i)));
    expect(columns.rest().map(({ path }) => path)).toEqual(['tile/1/000.p/1']);
  });
});

describe('exportTiles', () => {
  test('gives files from which anybody computes the root, by the specification alone', async () => {
    const { ledger, log } = await ledgerOf(400);
    const files = await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) }));
    expect([...files.keys()].at(-1)).toBe('checkpoint');
    // MTH of RFC 6962 §2.1 over the leaf hashes, read from level 0.
    const size = ledger.head.size;
    expect(size).toBeGreaterThan(1_024);
    const hashes: Uint8Array[] = [];
    const tile = (n: number) => files.get(tilePath(0, n)) ?? files.get(tilePath(0, n, size % 256))!;
    for (let i = 0; i < size; i++) hashes.push(tile(Math.floor(i / 256)).subarray((i % 256) * 32, (i % 256) * 32 + 32));
    const mth = (from: number, to: number): Uint8Array => {
      if (to - from === 1) return hashes[from]!;
      let k = 1;
      while (2 * k < to - from) k *= 2;
      return nodeHash(mth(from, from + k), mth(from + k, to));
    };
    const root = btoa(String.fromCharCode(...mth(0, size)));
    const [origin, digits, signed] = new TextDecoder().decode(files.get('checkpoint')).split('\n');
    expect([origin, digits, signed]).toEqual([ORIGIN, String(size), root]);
    expect(files.get('tile/1/000.p/4')!.subarray(0, 32)).toEqual(mth(0, 256));

    // Bundles: two bytes of length, then the entry that hashes to its place in level 0.
    let at = 0;
    const bundle = files.get('tile/entries/001')!;
    for (let i = 256; i < 512; i++) {
      const length = bundle[at]! * 256 + bundle[at + 1]!;
      expect(leafHash(bundle.subarray(at + 2, at + 2 + length))).toEqual(hashes[i]);
      at += 2 + length;
    }
    expect(at).toBe(bundle.length);
  });

  test('goes on from an earlier export: only what is new, and together they verify', async () => {
    const { ledger, log } = await ledgerOf(300);
    const files = await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) }));
    const after = ledger.head.size;
    await more(ledger, 200);
    const added = await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key), after }));
    expect(added.has('tile/entries/000')).toBe(false);
    expect(added.has('tile/0/000')).toBe(false);
    expect(added.has(tilePath('entries', Math.floor(after / 256)))).toBe(true);
    const both = new Map([...files, ...added]);
    expect(await verifyTiles(readerOf(both), { verifiers })).toMatchObject({
      ok: true,
      head: { size: ledger.head.size },
    });
    expect(await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) }))).toEqual(
      new Map([...both].filter(([path]) => !path.includes('.p/') || added.has(path))),
    );
  });

  test('an earlier head is exported as the log was then', async () => {
    const { ledger, log } = await ledgerOf(20);
    const [checkpoint, size] = [await signedBy(ledger, key), ledger.head.size];
    await more(ledger, 20);
    const files = await filesOf(exportTiles(log, { checkpoint }));
    expect(await verifyTiles(readerOf(files), { verifiers })).toMatchObject({ ok: true, head: { size } });
  });

  test('refuses a checkpoint of another history, or of a longer one', async () => {
    const [{ log }, other, longer] = [await ledgerOf(30), await ledgerOf(30, 2), await ledgerOf(31)];
    for (const { ledger } of [other, longer]) {
      const checkpoint = await signedBy(ledger, key);
      const paths: string[] = [];
      const exporting = async () => {
        for await (const { path } of exportTiles(log, { checkpoint })) paths.push(path);
      };
      await expect(exporting()).rejects.toMatchObject({ code: 'ledger/forked' });
      expect(paths).not.toContain('checkpoint');
    }
    await expect(filesOf(exportTiles(log, { checkpoint: 'text' }))).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

describe('verifyTiles', () => {
  test('finds any file that was changed, cut or removed', async () => {
    const { ledger, log } = await ledgerOf(200);
    const files = await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) }));
    expect(files.size).toBeGreaterThan(6);
    for (const [path, bytes] of files) {
      const wrong = bytes.slice();
      wrong[wrong.length >> 1]! ^= 1;
      for (const changed of [wrong, bytes.subarray(0, -1), new Uint8Array([...bytes, 0]), undefined]) {
        const spoilt = new Map(files);
        if (changed === undefined) spoilt.delete(path);
        else spoilt.set(path, changed);
        const report = await verifyTiles(readerOf(spoilt), { verifiers });
        expect(report.ok, `${path} ${changed?.length}`).toBe(false);
        // A changed entry shows where its hash is compared.
        if (!report.ok && !path.includes('entries')) expect(report.path).toBe(path);
      }
    }
  });

  test('takes the full tile where the partial one was deleted', async () => {
    const { ledger, log } = await ledgerOf(100);
    const checkpoint = await signedBy(ledger, key);
    await more(ledger, 100);
    const files = await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) }));
    expect([...files.keys()].some((path) => path === 'tile/0/001')).toBe(true);
    files.set('checkpoint', encodeUtf8(checkpoint));
    expect(await verifyTiles(readerOf(files), { verifiers })).toMatchObject({ ok: false });
    const early = await filesOf(exportTiles(log, { checkpoint }));
    for (const [path, bytes] of early) if (path.startsWith('tile/1/')) files.set(path, bytes);
    expect(await verifyTiles(readerOf(files), { verifiers })).toMatchObject({ ok: true });
  });

  test('asks who signed, and for which log', async () => {
    const { ledger, log } = await ledgerOf(3);
    const read = readerOf(await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) })));
    const stranger = await newLogKey();
    expect(await verifyTiles(read, { verifiers, origin: ORIGIN })).toMatchObject({
      ok: true,
      signers: ['factory.example'],
    });
    expect(await verifyTiles(read, { verifiers, origin: 'other' })).toMatchObject({ ok: false, path: 'checkpoint' });
    expect(await verifyTiles(read, { verifiers: [stranger.verifier] })).toMatchObject({ ok: false });
    expect(await verifyTiles(async () => undefined, { verifiers })).toMatchObject({
      ok: false,
      reason: 'it is missing',
    });
  });
});

describe('importTiles', () => {
  test('rebuilds the log byte for byte, also through a store that lies', async () => {
    const { ledger, log } = await ledgerOf(60);
    const read = readerOf(await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) })));
    const copy = memoryLog();
    const random = seededRandom(9);
    const liar = pessimisticLog(copy, { random, conflict: 0.1, lostResponse: 0.1, lostRequest: 0.1 });
    await importTiles(read, liar, { verifiers, random, clock: virtualClock(0) });
    expect(await all(copy.read({ from: 1 }))).toEqual(await all(log.read({ from: 1 })));
    expect(await verifyLog(copy)).toMatchObject({ ok: true, head: { root: ledger.head.root } });
    const restored = await openLedger({ log: copy, actor: 'maria' });
    expect(restored.id).toBe(ledger.id);
    await more(restored, 3);
    expect((await restored.verify()).ok).toBe(true);
  });

  test('writes nothing that does not verify, and only into an empty log', async () => {
    const { ledger, log } = await ledgerOf(10);
    const files = await filesOf(exportTiles(log, { checkpoint: await signedBy(ledger, key) }));
    const empty = memoryLog();
    const stranger = await newLogKey();
    await expect(importTiles(readerOf(files), empty, { verifiers: [stranger.verifier] })).rejects.toMatchObject({
      code: 'ledger/corrupt',
    });
    expect(await empty.head()).toBeUndefined();
    await expect(importTiles(readerOf(files), log, { verifiers })).rejects.toMatchObject({
      code: 'state/precondition',
    });
  });

  test('a signed log that is no ledger is refused', async () => {
    const { signer } = key;
    const { signNote, formatTreeHead } = await import('@millwright/core/verifier');
    for (const entry of [encodeUtf8('certificate'), encodeUtf8('{"count":9}'), encodeUtf8('{"count":1}')]) {
      const root = leafHash(entry);
      const checkpoint = await signNote(formatTreeHead({ origin: 'ct', size: 1, root }), [signer]);
      const files = new Map([
        ['checkpoint', encodeUtf8(checkpoint)],
        ['tile/entries/000.p/1', Uint8Array.of(0, entry.length, ...entry)],
        ['tile/0/000.p/1', root],
      ]);
      expect(await verifyTiles(readerOf(files), { verifiers })).toMatchObject({ ok: true });
      const log = memoryLog();
      await expect(importTiles(readerOf(files), log, { verifiers })).rejects.toMatchObject({ code: 'ledger/corrupt' });
      expect(await log.head()).toBeUndefined();
    }
  });
});
