import { seededRandom } from '@millwright/core';
import {
  erasureProjection,
  holdPlaced,
  holdReleased,
  type NewEvent,
  openLedger,
  openPayload,
  readSegment,
  redact,
  sealPayload,
  segmentProjection,
  segmentWriter,
} from '@millwright/core/ledger';
import { applyRetention, type RetentionRule, retentionProjection, retentionSet } from '@millwright/core/retention';
import { memoryHint, memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';

const DAY = 86_400_000;
const comments: RetentionRule = {
  of: 'payload',
  name: 'comment',
  keepMs: 10 * DAY,
  deleteAfterMs: 30 * DAY,
  basis: 'house rule 3',
};
const decisions: RetentionRule = {
  of: 'segment',
  name: 'decisions',
  keepMs: 180 * DAY,
  deleteAfterMs: 365 * DAY,
  basis: 'AI Act',
};

async function setUp() {
  const storage = { ...memoryStorage(), hint: memoryHint() };
  const clock = virtualClock(0);
  const open = () =>
    openLedger({
      ...storage,
      actor: 'u-1',
      clock,
      random: seededRandom(1),
      projections: [retentionProjection, erasureProjection, segmentProjection],
    });
  const ledger = await open();
  const write = (...events: NewEvent[]) => ledger.commit(() => ({ events, result: 0 }));
  const comment = async (text: string, kind = 'comment') => {
    const ref = await sealPayload(storage.blobs, text, { class: kind });
    await write({ type: 'review.commented', data: { on: { thread: ['first', ref] } } });
    return ref;
  };
  const apply = (o = {}) => applyRetention(ledger, storage.blobs, { clock, ...o });
  return { ...storage, clock, open, ledger, write, comment, apply };
}

describe('retention of payloads', () => {
  test('erases a class when it is old enough, says before what it would erase, and leaves the rest', async () => {
    const { blobs, clock, ledger, write, comment, apply } = await setUp();
    await write(retentionSet(comments));
    const [old, other] = [await comment('old'), await comment('other', 'description')];
    await clock.advance(20 * DAY);
    const young = await comment('young');
    await clock.advance(10 * DAY + 5);
    expect(await apply()).toEqual({ dryRun: true, payloads: [old.commitment], segments: [], held: [] });
    expect(await openPayload(blobs, old)).toBeDefined();
    expect(await apply({ dryRun: false })).toMatchObject({ dryRun: false, payloads: [old.commitment] });
    expect(await openPayload(blobs, old)).toBeUndefined();
    for (const ref of [young, other]) expect(await openPayload(blobs, ref)).toBeDefined();
    expect(ledger.state(erasureProjection).redacted.get(old.commitment)).toMatchObject({ legalBasis: 'house rule 3' });
    expect(await apply({ dryRun: false })).toMatchObject({ payloads: [] });
    expect((await ledger.verify()).ok).toBe(true);
  });

  test('what must be kept is not erased, whoever asks, until the time is over or the rule is another', async () => {
    const { blobs, clock, ledger, write, comment } = await setUp();
    await write(retentionSet(comments));
    const ref = await comment('keep me');
    const erase = () => redact(ledger, blobs, [ref], { legalBasis: 'GDPR Art. 17' });
    await clock.advance(9 * DAY);
    await expect(erase()).rejects.toMatchObject({
      code: 'state/precondition',
      message: expect.stringContaining('house rule 3'),
    });
    expect(await openPayload(blobs, ref)).toBeDefined();
    await clock.advance(2 * DAY);
    await erase();
    const second = await comment('and me');
    await write(retentionSet({ ...comments, keepMs: 0 }));
    await redact(ledger, blobs, [second], { legalBasis: 'GDPR Art. 17' });
    expect(await openPayload(blobs, second)).toBeUndefined();
  });

  test('a legal hold wins over a rule, and is told', async () => {
    const { blobs, clock, write, comment, apply } = await setUp();
    await write(retentionSet(comments));
    const ref = await comment('evidence');
    await write(holdPlaced([ref], 'case 7'));
    await clock.advance(40 * DAY);
    expect(await apply({ dryRun: false })).toMatchObject({ payloads: [], held: [ref.commitment] });
    expect(await openPayload(blobs, ref)).toBeDefined();
    await write(holdReleased([ref], 'case 7'));
    expect(await apply({ dryRun: false })).toMatchObject({ payloads: [ref.commitment], held: [] });
    expect(await openPayload(blobs, ref)).toBeUndefined();
  });

  test('many at once, and from a checkpoint', async () => {
    const { blobs, clock, ledger, open, write, apply } = await setUp();
    await write(retentionSet(comments));
    for (let k = 0; k < 8; k++) {
      const refs = await Promise.all(
        Array.from({ length: 80 }, (_, i) => sealPayload(blobs, `${k} ${i}`, { class: 'comment' })),
      );
      await write({ type: 'review.commented', data: { refs } });
    }
    await ledger.checkpoint();
    const again = await open();
    expect(again.state(retentionProjection)).toEqual(ledger.state(retentionProjection));
    await clock.advance(40 * DAY);
    expect((await apply({ dryRun: false })).payloads).toHaveLength(640);
    for await (const { digest } of blobs.list())
      expect(ledger.state(erasureProjection).redacted.has(digest)).toBe(false);
  });
});

describe('retention of segments', () => {
  async function withSegment() {
    const desk = await setUp();
    const { blobs, clock, ledger, write } = desk;
    await write(retentionSet(decisions));
    const writer = segmentWriter({ ledger, blobs, stream: 'decisions', clock, random: seededRandom(2) });
    writer.append({ decision: 1 });
    await writer.flush();
    return { ...desk, segment: ledger.state(segmentProjection).get('decisions')![0]! };
  }

  test('expire when they are old enough, not under hold, and never early', async () => {
    const { blobs, clock, apply, write, segment } = await withSegment();
    await write(holdPlaced([segment], 'case 8'));
    await clock.advance(366 * DAY);
    expect(await apply({ dryRun: false })).toMatchObject({ segments: [], held: [segment.digest] });
    expect(await readSegment(blobs, segment)).toEqual([{ decision: 1 }]);
    await write(holdReleased([segment], 'case 8'));
    expect(await apply()).toMatchObject({ dryRun: true, segments: [segment] });
    expect(await readSegment(blobs, segment)).toBeDefined();
    expect(await apply({ dryRun: false })).toMatchObject({ segments: [segment], held: [] });
    expect(await readSegment(blobs, segment)).toBeUndefined();
  });

  test('cannot be expired before their time', async () => {
    const { blobs, clock, ledger, segment } = await withSegment();
    const { expireSegments } = await import('@millwright/core/ledger');
    await clock.advance(100 * DAY);
    const expire = () => expireSegments(ledger, blobs, { stream: 'decisions', before: clock.now() - DAY });
    await expect(expire()).rejects.toMatchObject({ code: 'state/precondition' });
    expect(await readSegment(blobs, segment)).toBeDefined();
  });
});

test('a rule is checked when it is set, and a damaged one that somebody wrote is a no-op', async () => {
  for (const wrong of [
    { name: '' },
    { keepMs: -1 },
    { keepMs: 1.5 },
    { deleteAfterMs: 1 },
    { of: 'model' },
    { basis: 7 },
  ])
    expect(() => retentionSet({ ...comments, ...wrong } as RetentionRule)).toThrow(
      expect.objectContaining({ code: 'input/invalid' }),
    );
  const { ledger, write } = await setUp();
  await write({ type: 'retention.set', data: { of: 'payload', name: 'comment', keepMs: 'long', basis: '' } });
  expect(ledger.state(retentionProjection).rules.size).toBe(0);
});
