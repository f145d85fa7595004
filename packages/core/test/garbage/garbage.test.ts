import { type Digest, digestBytes, encodeUtf8, isMillwrightError, seededRandom } from '@millwright/core';
import { blobsOf, putArtifact } from '@millwright/core/artifact';
import { blobsReleased, collectGarbage, garbageProjection, keepingBlobs, restoreBlobs } from '@millwright/core/garbage';
import { holdPlaced, holdReleased, type Ledger, openLedger } from '@millwright/core/ledger';
import { type BlobStore, memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function yard() {
  const storage = memoryStorage();
  const time = virtualClock(1_767_225_600_000);
  // Waiting for another try costs nothing.
  const soon = (_: number, callback: () => void) => {
    queueMicrotask(callback);
    return () => undefined;
  };
  const clock = { ...time, now: () => time.now(), set: time.set, schedule: soon };
  let seed = 1;
  const open = (o = {}) =>
    openLedger({
      ...storage,
      clock,
      actor: 'keeper',
      random: seededRandom(seed++),
      projections: [garbageProjection],
      ...o,
    });
  const ledger = await open();
  const collect = (o = {}) =>
    collectGarbage(ledger, storage.blobs, { dryRun: false, clock, hint: storage.hint!, ...o });
  return { storage, blobs: storage.blobs, clock, ledger, open, collect };
}

async function put(blobs: BlobStore, text: string): Promise<Digest> {
  const bytes = encodeUtf8(text);
  const digest = digestBytes(bytes);
  await blobs.put(digest, bytes, { size: bytes.byteLength });
  return digest;
}

const name = (ledger: Ledger, digest: Digest, blobs: readonly Digest[] = []) =>
  ledger.commit(() => ({ events: [{ type: 'thing.stored', data: { place: `blob:${digest}` } }], result: 0 }), {
    blobs,
  });

const here = async (blobs: BlobStore, ...digests: Digest[]) =>
  Promise.all(digests.map(async (digest) => (await blobs.stat(digest)) !== undefined));

describe('garbage', () => {
  test('is condemned by one run and swept by a run after the grace; what the ledger wants stays', async () => {
    const { blobs, clock, ledger, collect } = await yard();
    const { manifest, digest } = await putArtifact(blobs, {
      'a.txt': encodeUtf8('a'),
      'b.bin': new Uint8Array(2_000_000),
    });
    await name(ledger, digest);
    await ledger.checkpoint();
    const [kept, orphan] = [await put(blobs, 'elsewhere'), await put(blobs, 'orphan')];
    const keep = [kept];

    const { size } = ledger.head;
    const dry = await collectGarbage(ledger, blobs, { clock, keep });
    expect(dry).toMatchObject({ dryRun: true, swept: [], waiting: 0 });
    expect(dry.condemned.map((blob) => blob.digest)).toContain(orphan);
    expect(ledger.head.size).toBe(size);

    expect((await collect({ keep })).condemned.map((blob) => blob.digest)).toEqual([orphan]);
    clock.set(clock.now() + DAY - HOUR);
    expect(await collect({ keep })).toMatchObject({ condemned: [], swept: [], waiting: 1 });
    clock.set(clock.now() + 2 * HOUR);
    expect(await collect({ keep, dryRun: true })).toMatchObject({ swept: [orphan] });
    expect(await here(blobs, orphan)).toEqual([true]);
    expect((await collect({ keep })).swept).toEqual([orphan]);
    expect(await here(blobs, orphan, kept, digest, ...blobsOf(manifest))).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
    expect((await collect({ keep })).condemned).toEqual([]);
    expect(ledger.faults(garbageProjection)).toBe(0);
  });

  test('a blob that is named in the grace is spared, also when only its manifest is named', async () => {
    const { blobs, clock, ledger, collect } = await yard();
    const [direct, byManifest, before] = await Promise.all(['direct', 'file', 'old'].map((text) => put(blobs, text)));
    await collect();
    clock.set(clock.now() + 2 * DAY);
    await name(ledger, direct!);
    const { manifest, digest } = await putArtifact(blobs, { file: encodeUtf8('file') });
    await name(ledger, digest, blobsOf(manifest));
    expect((await collect()).swept).toEqual([before]);
    expect(await here(blobs, direct!, byManifest!, digest)).toEqual([true, true, true]);
    expect(ledger.state(garbageProjection).blobs.has(byManifest!)).toBe(false);
  });

  test('a checkpoint keeps its own parts, and nothing that its states mention', async () => {
    const { blobs, clock, ledger, collect } = await yard();
    const orphan = await put(blobs, 'orphan');
    clock.set(clock.now() + 2 * DAY);
    expect((await collect()).condemned.map((blob) => blob.digest)).toEqual([orphan]);
    // From here on the checkpoint's state says that the orphan is condemned, by its digest.
    const checkpoint = await ledger.checkpoint();
    clock.set(clock.now() + 2 * DAY);
    expect((await collect()).swept).toEqual([orphan]);
    expect(await here(blobs, orphan, checkpoint)).toEqual([false, true]);
  });

  test('what is released goes, unless it is under legal hold or wanted again', async () => {
    const { blobs, clock, ledger, collect } = await yard();
    const texts = ['released', 'held', 'again'];
    const [released, held, again] = (await Promise.all(texts.map((text) => put(blobs, text)))) as [
      Digest,
      Digest,
      Digest,
    ];
    for (const digest of [released, held, again]) await name(ledger, digest);
    await ledger.commit(() => ({
      events: [holdPlaced([{ commitment: held }], 'case 7'), blobsReleased([released, held, again], 'retired')],
      result: 0,
    }));
    await name(ledger, again);
    const rounds = async () => {
      await collect();
      clock.set(clock.now() + 2 * DAY);
      await collect();
      return here(blobs, released, held, again);
    };
    expect(await rounds()).toEqual([false, true, true]);
    await ledger.commit(() => ({ events: [holdReleased([{ commitment: held }], 'case 7')], result: 0 }));
    expect(await rounds()).toEqual([false, false, true]);
  });

  test('a writer that comes too late is refused, puts again, and is written', async () => {
    const { blobs, clock, open, collect } = await yard();
    const writer = await open();
    const digest = await put(blobs, 'late');
    await collect();
    clock.set(clock.now() + DAY + HOUR);
    await collect();
    await expect(name(writer, digest)).rejects.toMatchObject({ code: 'ledger/swept', details: { digests: [digest] } });
    const manifest = await put(blobs, 'a manifest');
    await expect(name(writer, manifest, [digest])).rejects.toMatchObject({ code: 'ledger/swept' });
    await expect(restoreBlobs(writer, blobs, [digest])).rejects.toMatchObject({ code: 'storage/failed' });
    let puts = 0;
    await keepingBlobs(writer, blobs, async () => {
      puts++;
      await name(writer, await put(blobs, 'late'));
    });
    expect(puts).toBeLessThanOrEqual(3);
    expect(await here(blobs, digest)).toEqual([true]);
    expect((await collect()).condemned.map((blob) => blob.digest)).not.toContain(digest);
    await expect(keepingBlobs(writer, blobs, () => Promise.reject(new TypeError('else')))).rejects.toThrow('else');
  });

  test('a collector that dies half way is succeeded by another; one that is slow stops by itself', async () => {
    const { blobs, clock, ledger, open, collect } = await yard();
    const [a, b] = (await Promise.all(['a', 'b'].map((text) => put(blobs, text)))) as [Digest, Digest];
    await collect();
    clock.set(clock.now() + DAY + HOUR);
    const dying = { ...blobs, delete: () => Promise.reject(new Error('killed')) };
    await expect(collectGarbage(await open(), dying, { dryRun: false, clock })).rejects.toThrow('killed');
    await ledger.refresh();
    expect(ledger.state(garbageProjection).blobs.get(a)?.phase).toBe('sweeping');
    await expect(name(ledger, a)).rejects.toMatchObject({ code: 'ledger/swept' });
    await expect(restoreBlobs(ledger, blobs, [a])).rejects.toMatchObject({ code: 'state/precondition' });
    expect((await collect()).swept).toEqual([]);
    clock.set(clock.now() + DAY + HOUR);
    const slow = {
      ...blobs,
      delete: (digest: Digest) => {
        clock.set(clock.now() + DAY);
        return blobs.delete(digest);
      },
    };
    const { swept } = await collectGarbage(ledger, slow, { dryRun: false, clock });
    expect(swept).toHaveLength(1);
    expect((await here(blobs, a, b)).filter((is) => is)).toHaveLength(1);
    expect((await collect()).swept).toHaveLength(1);
    expect(await here(blobs, a, b)).toEqual([false, false]);
  });

  test('a collector that looked before others condemned and swept does not make what is gone nameable', async () => {
    const { blobs, clock, ledger, open, collect } = await yard();
    const digest = await put(blobs, 'orphan');
    clock.set(clock.now() + DAY + HOUR);
    const slow = {
      ...blobs,
      async *list(options?: { readonly signal?: AbortSignal | undefined }) {
        yield* blobs.list(options);
        await collect();
        clock.set(clock.now() + DAY + HOUR);
        expect((await collect()).swept).toEqual([digest]);
      },
    };
    expect((await collectGarbage(await open(), slow, { dryRun: false, clock })).condemned).toHaveLength(1);
    await ledger.refresh();
    expect(ledger.state(garbageProjection).blobs.get(digest)?.phase).toBe('swept');
    await expect(name(ledger, digest)).rejects.toMatchObject({ code: 'ledger/swept' });
  });

  test('a writer that knows nothing of it may read, and is refused to write', async () => {
    const { blobs, open, collect } = await yard();
    await put(blobs, 'orphan');
    const old = await open({ projections: [] });
    await name(old, await put(blobs, 'fine'));
    await collect();
    await expect(name(old, await put(blobs, 'late'))).rejects.toMatchObject({ code: 'ledger/unsupported' });
    expect((await old.verify()).ok).toBe(true);
    await old.use(garbageProjection);
    await name(old, await put(blobs, 'late'));
    await expect(collect({ graceMs: -1 })).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('property: whatever the interleaving of writers and collectors, nothing that is named is missing', async () => {
    const GRACE = 250;
    let swept = 0;
    let refused = 0;
    let again = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const { blobs, clock, open } = await yard();
        const random = seededRandom(seed);
        const pause = async () => {
          for (let turns = Math.floor(random.next() * 30); turns > 0; turns--) await undefined;
          clock.set(clock.now() + Math.floor(random.next() * 120));
        };
        const attempt = async (ledger: Ledger): Promise<void> => {
          const file = encodeUtf8(`file ${Math.floor(random.next() * 8)}`);
          const started = clock.now();
          if (random.next() < 0.3) return void (await putArtifact(blobs, { file }));
          const { manifest, digest } = await putArtifact(blobs, { file });
          await pause();
          await ledger.commit(
            (view) => {
              if (view.time - started >= GRACE) throw new Error('too slow');
              return { events: [{ type: 'thing.stored', data: { digest } }], result: 0 };
            },
            { blobs: blobsOf(manifest) },
          );
        };
        const writer = async () => {
          const ledger = await open();
          for (let i = 0; i < 6; i++) {
            await pause();
            let tries = 0;
            const counted = () => {
              if (++tries > 1) again++;
              return attempt(ledger);
            };
            await keepingBlobs(ledger, blobs, counted).catch((error: unknown) => {
              refused++;
              if (
                isMillwrightError(error)
                  ? error.code.startsWith('ledger/') && error.code !== 'ledger/swept'
                  : String(error) !== 'Error: too slow'
              )
                throw error;
            });
          }
        };
        const collector = async () => {
          const ledger = await open();
          for (let i = 0; i < 10; i++) {
            await pause();
            const report = await collectGarbage(ledger, blobs, { dryRun: false, graceMs: GRACE, clock });
            swept += report.swept.length;
          }
        };
        await Promise.all([writer(), writer(), writer(), collector(), collector()]);

        const auditor = await open();
        expect([...auditor.state(garbageProjection).dangling]).toEqual([]);
        for await (const { type, data } of auditor.read()) {
          if (type !== 'thing.stored') continue;
          const digest = data['digest'] as Digest;
          const manifest = await new Response(await blobs.get(digest)).text();
          expect(manifest).toContain('files');
          const { files } = JSON.parse(manifest) as { readonly files: readonly { readonly digest: Digest }[] };
          expect(await here(blobs, ...files.map((file) => file.digest))).toEqual([true]);
        }
      }),
      { numRuns: 40 },
    );
    expect(swept).toBeGreaterThan(20);
    expect(again).toBeGreaterThan(5);
    expect(refused).toBeLessThan(400);
  });
});
