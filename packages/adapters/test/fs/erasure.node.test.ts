import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { putArtifact } from '@millwright/core/artifact';
import {
  erasureProjection,
  exportProof,
  type Ledger,
  openLedger,
  openPayload,
  type PayloadRef,
  redact,
  sealPayload,
  segmentProjection,
  signHead,
  sweepErasures,
  verifyConsistency,
  verifyInclusion,
} from '@millwright/core/ledger';
import { lineageProjection } from '@millwright/core/lineage';
import { retentionProjection } from '@millwright/core/retention';
import { reviewProjection } from '@millwright/core/review';
import type { Storage } from '@millwright/core/storage';
import { exportTiles, verifyTiles } from '@millwright/core/transparency';
import { ed25519Signer, ed25519Verifier, verifierKeyOf, verifyEventProof } from '@millwright/core/verifier';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeCalls } from '../../src/fs/disk.js';
import { folder } from '../../src/fs.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millwright-erasure-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const SECRET = 'Maria Müller, born 1984-07-11, thinks that this model is unfair';

/** The ways in which the text could lie in a file: as it is, as UTF-16, hexadecimal, base64 at any offset. */
function forms(text: string): Buffer[] {
  const utf8 = Buffer.from(text);
  const base64 = [0, 1, 2].map((skip) =>
    utf8.subarray(skip, skip + 3 * Math.floor((utf8.length - skip) / 3)).toString('base64'),
  );
  return [utf8, Buffer.from(text, 'utf16le'), ...[utf8.toString('hex'), ...base64].map((each) => Buffer.from(each))];
}

/** Every file below the folder whose name or raw bytes hold a piece of the text in any form. */
async function grep(pieces: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = Buffer.concat([Buffer.from(path), await readFile(path)]);
    if (pieces.some((piece) => forms(piece).some((form) => bytes.includes(form)))) found.push(path);
  }
  return found;
}
const PIECES = [SECRET, 'Maria Müller', '1984-07-11', 'model is unfair'];

const openIn = (storage: Storage) =>
  openLedger({
    ...storage,
    actor: 'u-17',
    projections: [erasureProjection, retentionProjection, segmentProjection, lineageProjection, reviewProjection],
  });

async function seal(storage: Storage, ledger: Ledger) {
  const ref = await sealPayload(storage.blobs, SECRET, { class: 'comment' });
  const { events } = await ledger.commit(() => ({
    events: [{ type: 'review.commented', data: { subject: 'flight-delay@3', comment: ref } }],
    result: undefined,
  }));
  return { ref, event: events[0]! };
}

async function exportTo(name: string, tiles: ReturnType<typeof exportTiles>) {
  for await (const { path, bytes } of tiles) {
    await mkdir(dirname(join(root, name, path)), { recursive: true });
    await writeFile(join(root, name, path), bytes);
  }
  return async (path: string) => new Uint8Array(await readFile(join(root, name, path)));
}

test('after a redaction no file holds the text in any form, and everything that was proved before still is', async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const signers = [ed25519Signer('factory', pair.privateKey, publicKey)];
  const verifiers = [await ed25519Verifier(verifierKeyOf('factory', publicKey))];
  const storage = folder(root);
  const ledger = await openIn(storage);
  await putArtifact(storage.blobs, { 'model.onnx': new TextEncoder().encode('weights') });
  const kept = await seal(storage, ledger);
  const { ref, event } = await seal(storage, ledger);
  expect(kept.ref.commitment).not.toBe(ref.commitment);
  await ledger.checkpoint();

  // What auditors took away before.
  const inclusion = await ledger.prove(event.index);
  const file = await exportProof(ledger, event.index, { signers });
  const before = ledger.head;
  const checkpoint = await signHead(ledger, { signers });
  const earlier = await exportTo('export-before', exportTiles(storage.log, { checkpoint }));
  expect(await grep(PIECES)).toHaveLength(2);

  for (const each of [ref, kept.ref]) await redact(ledger, storage.blobs, [each], { legalBasis: 'GDPR Art. 17' });
  await ledger.checkpoint();
  const signedAfter = await signHead(ledger, { signers });
  const later = await exportTo('export-after', exportTiles(storage.log, { checkpoint: signedAfter }));
  await ledger.close();
  expect(await grep(PIECES)).toEqual([]);
  // The search can find: what was not erased is there.
  expect(await grep(['weights'])).toHaveLength(1);

  const again = await openIn(folder(root));
  expect(await openPayload(folder(root).blobs, event.data['comment'] as PayloadRef)).toBeUndefined();
  expect(again.state(erasureProjection).redacted.size).toBe(2);
  expect(verifyInclusion(inclusion, event)).toBe(true);
  expect(verifyInclusion(await again.prove(event.index), event)).toBe(true);
  expect(await verifyEventProof(file, { verifiers })).toMatchObject({ ok: true, event: { data: event.data } });
  const growth = await again.proveConsistency(before.size);
  expect(growth.first.root).toBe(before.root);
  expect(verifyConsistency(growth)).toBe(true);
  expect((await again.verify()).ok).toBe(true);
  for (const read of [earlier, later]) expect((await verifyTiles(read, { verifiers })).ok).toBe(true);
});

test('a disk that fails, or a process that ends, between the word and the deed leaves what the next sweep finishes', async () => {
  const storage = folder(root);
  const ledger = await openIn(storage);
  const { ref, event } = await seal(storage, ledger);
  const failing = folder(root, { calls: { ...nodeCalls, unlink: () => Promise.reject(new Error('EIO')) } });
  await expect(redact(ledger, failing.blobs, [ref], { legalBasis: 'GDPR Art. 17' })).rejects.toThrow();
  expect(await grep(PIECES)).toHaveLength(1);
  const janitor = await openIn(folder(root));
  expect(await sweepErasures(janitor, folder(root).blobs)).toBe(1);
  expect(await grep(PIECES)).toEqual([]);
  expect(verifyInclusion(await janitor.prove(event.index), event)).toBe(true);
});
