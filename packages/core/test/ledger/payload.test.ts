import { type Digest, seededRandom } from '@millwright/core';
import {
  erasureProjection,
  holdPlaced,
  holdReleased,
  openLedger,
  openPayload,
  type PayloadRef,
  redact,
  sealPayload,
  sweepErasures,
  verifyInclusion,
} from '@millwright/core/ledger';
import { collect, memoryHint, memoryStorage } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';
import { all, tally } from './support.js';

const SECRET = 'Maria Müller thinks that this model is unfair';

async function setUp() {
  const storage = { ...memoryStorage(), hint: memoryHint() };
  const ledger = await openLedger({
    ...storage,
    actor: 'u-17',
    random: seededRandom(1),
    projections: [erasureProjection, tally],
  });
  const ref = await sealPayload(storage.blobs, SECRET, { class: 'comment' });
  const { events } = await ledger.commit(() => ({
    events: [{ type: 'review.commented', data: { comment: ref } }],
    result: 0,
  }));
  const grep = async (text: string) => {
    const bytes = [...(await all(storage.log.read({ from: 1 }))).map((commit) => commit.bytes)];
    for await (const { digest } of storage.blobs.list()) bytes.push(await collect((await storage.blobs.get(digest))!));
    return bytes.some((each) => new TextDecoder().decode(each).includes(text));
  };
  return { storage, ledger, ref, event: events[0]!, grep };
}

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

describe('payloads', () => {
  test('stay outside the ledger, can be read, and cannot be changed', async () => {
    const { storage, ref, event } = await setUp();
    expect(event.data['comment']).toEqual({ alg: 'sha256-salted', commitment: ref.commitment, class: 'comment' });
    expect(text(await openPayload(storage.blobs, event.data['comment'] as PayloadRef))).toBe(SECRET);
    const changed = { ...storage.blobs, get: async (_: Digest) => new Blob(['x'.repeat(60)]).stream() };
    await expect(openPayload(changed, ref)).rejects.toMatchObject({ code: 'storage/corrupt' });
  });

  test('the same text has another commitment each time', async () => {
    const { storage, ref } = await setUp();
    expect((await sealPayload(storage.blobs, SECRET, { class: 'comment' })).commitment).not.toBe(ref.commitment);
    const salt = new Uint8Array(32);
    const fixed = await sealPayload(storage.blobs, 'a', { class: 'c', salt });
    expect(fixed).toEqual(await sealPayload(storage.blobs, 'a', { class: 'c', salt }));
    await expect(sealPayload(storage.blobs, 'a', { class: 'c', salt: new Uint8Array(4) })).rejects.toMatchObject({
      code: 'input/invalid',
    });
  });
});

describe('erasure', () => {
  test('nothing of the text is left in the storage, and every old proof still verifies', async () => {
    const { storage, ledger, ref, event, grep } = await setUp();
    const before = await ledger.prove(event.index);
    expect(await grep('Müller')).toBe(true);
    await redact(ledger, storage.blobs, [ref], { legalBasis: 'GDPR Art. 17', requestedAt: 1 });
    expect(await grep('Müller')).toBe(false);
    expect(await openPayload(storage.blobs, ref)).toBeUndefined();
    expect(verifyInclusion(before, event)).toBe(true);
    expect(verifyInclusion(await ledger.prove(event.index), event)).toBe(true);
    expect((await ledger.verify()).ok).toBe(true);
    expect(ledger.state(erasureProjection).redacted.get(ref.commitment)).toMatchObject({
      actor: 'u-17',
      legalBasis: 'GDPR Art. 17',
    });
  });

  test('is finished by a sweep when the process ended in between', async () => {
    const { storage, ledger, ref } = await setUp();
    const failing = { ...storage.blobs, delete: () => Promise.reject(new Error('killed')) };
    await expect(redact(ledger, failing, [ref], { legalBasis: 'request' })).rejects.toThrow('killed');
    const later = await openLedger({ ...storage, actor: 'janitor', projections: [erasureProjection] });
    expect(await sweepErasures(later, storage.blobs)).toBe(1);
    expect(await sweepErasures(later, storage.blobs)).toBe(0);
    expect(await openPayload(storage.blobs, ref)).toBeUndefined();
  });

  test('a legal hold wins until it is released', async () => {
    const { storage, ledger, ref } = await setUp();
    const write = (event: ReturnType<typeof holdPlaced>) => ledger.commit(() => ({ events: [event], result: 0 }));
    await write(holdPlaced([ref], 'case 7'));
    await write(holdPlaced([ref], 'case 8'));
    const erase = () => redact(ledger, storage.blobs, [ref], { legalBasis: 'request' });
    await expect(erase()).rejects.toMatchObject({ code: 'state/precondition' });
    await write(holdReleased([ref], 'case 7'));
    await expect(erase()).rejects.toThrow('case 8');
    expect(text(await openPayload(storage.blobs, ref))).toBe(SECRET);
    await write(holdReleased([ref], 'case 8'));
    await erase();
    expect(await openPayload(storage.blobs, ref)).toBeUndefined();
  });

  test('a redaction that somebody wrote past the hold is a no-op of the fold', async () => {
    const { storage, ledger, ref } = await setUp();
    await ledger.commit(() => ({
      events: [
        holdPlaced([ref], 'case'),
        { type: 'redaction.applied', data: { refs: [ref.commitment, 7, 'x'] } },
        { type: 'redaction.applied', data: {} },
      ],
      result: 0,
    }));
    expect(ledger.state(erasureProjection).redacted.size).toBe(0);
    expect(await sweepErasures(ledger, storage.blobs)).toBe(0);
  });
});
