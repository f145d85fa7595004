import { seededRandom } from '@millwright/core';
import { expireSegments, openLedger, readSegment, segmentProjection, segmentWriter } from '@millwright/core/ledger';
import { memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';

async function setUp(o = {}) {
  const storage = memoryStorage();
  const clock = virtualClock(1_000);
  const ledger = await openLedger({
    ...storage,
    actor: 'endpoint',
    clock,
    random: seededRandom(1),
    projections: [segmentProjection],
  });
  const writer = segmentWriter({
    ledger,
    blobs: storage.blobs,
    stream: 'decisions',
    clock,
    maxBytes: 100,
    maxAgeMs: 60_000,
    ...o,
  });
  return { ...storage, clock, ledger, writer, sealed: () => ledger.state(segmentProjection).get('decisions') ?? [] };
}

describe('segmentWriter', () => {
  test('seals by size, by age and on flush; records come back in order', async () => {
    const { blobs, clock, writer, sealed, ledger } = await setUp();
    for (let i = 0; i < 10; i++) writer.append({ i, arm: 'champion' });
    await writer.flush();
    expect(sealed().map(({ count }) => count)).toEqual([4, 4, 2]);
    writer.append({ late: true });
    await clock.advance(59_999);
    expect(sealed()).toHaveLength(3);
    await clock.advance(1);
    expect(sealed()).toHaveLength(4);
    expect(sealed()[3]).toMatchObject({ stream: 'decisions', count: 1, from: 1_000, to: 1_000 });
    const records = [];
    for (const segment of sealed()) records.push(...(await readSegment(blobs, segment))!);
    expect(records).toEqual([...Array.from({ length: 10 }, (_, i) => ({ i, arm: 'champion' })), { late: true }]);
    expect((await ledger.verify()).ok).toBe(true);
  });

  test('keeps what could not be sealed, and refuses more rather than growing', async () => {
    const { blobs, ledger, clock } = await setUp();
    let down = true;
    const errors: unknown[] = [];
    const flaky = {
      ...blobs,
      put: (...args: Parameters<typeof blobs.put>) => (down ? Promise.reject(new Error('down')) : blobs.put(...args)),
    };
    const writer = segmentWriter({
      ledger,
      blobs: flaky,
      stream: 's',
      clock,
      maxBytes: 10,
      maxWaiting: 2,
      onError: (e) => errors.push(e),
    });
    writer.append({ record: 1 });
    writer.append({ record: 2 });
    expect(() => writer.append({ record: 3 })).toThrow(expect.objectContaining({ code: 'queue/full' }));
    await expect(writer.flush()).rejects.toThrow('down');
    expect(errors.length).toBeGreaterThan(0);
    down = false;
    await writer.close();
    expect(
      ledger
        .state(segmentProjection)
        .get('s')
        ?.map(({ count }) => count),
    ).toEqual([1, 1]);
  });

  test('goes on by itself when a store that was away for long is back', async () => {
    const { blobs, ledger, clock } = await setUp();
    let down = true;
    const put: typeof blobs.put = (...args) => (down ? Promise.reject(new Error('down')) : blobs.put(...args));
    const limits = { maxBytes: 10, maxWaiting: 2, maxAgeMs: 1_000 };
    const writer = segmentWriter({ ledger, blobs: { ...blobs, put }, stream: 's', clock, ...limits });
    const count = () => ledger.state(segmentProjection).get('s')?.length;
    writer.append({ record: 1 });
    writer.append({ record: 2 });
    await clock.advance(10_000);
    expect(() => writer.append({ record: 3 })).toThrow(expect.objectContaining({ code: 'queue/full' }));
    down = false;
    await clock.advance(1_000);
    expect([count(), clock.scheduled]).toEqual([2, 0]);
    writer.append({ record: 3 });
    await clock.advance(0);
    expect(count()).toBe(3);
    down = true;
    writer.append({ record: 4 });
    await expect(writer.close()).rejects.toThrow('down');
    expect(clock.scheduled).toBe(0);
  });

  test('equal records of two writers are two segments', async () => {
    const { blobs, ledger, clock, writer, sealed } = await setUp();
    const other = segmentWriter({ ledger, blobs, stream: 'decisions', clock });
    for (const each of [writer, other]) each.append({ day: 1 });
    await Promise.all([writer.flush(), other.flush()]);
    expect(new Set(sealed().map(({ digest }) => digest)).size).toBe(2);
    expect(new Set(sealed().map(({ root }) => root)).size).toBe(1);
  });

  test('an empty writer seals nothing; a record that is not JSON is refused', async () => {
    const { writer, sealed } = await setUp();
    expect(() => writer.append({ bad: Number.NaN })).toThrow(expect.objectContaining({ code: 'input/not-json' }));
    await writer.close();
    expect(sealed()).toEqual([]);
  });
});

describe('retention', () => {
  test('old segments go, their seals stay, history verifies', async () => {
    const { blobs, clock, ledger, writer, sealed } = await setUp();
    writer.append({ day: 1 });
    await writer.flush();
    await clock.advance(1_000_000);
    writer.append({ day: 2 });
    await writer.flush();
    const [old, recent] = sealed();
    expect(await expireSegments(ledger, blobs, { stream: 'decisions', before: 500_000 })).toEqual([old]);
    expect(await expireSegments(ledger, blobs, { stream: 'decisions', before: 500_000 })).toEqual([]);
    expect(await readSegment(blobs, old!)).toBeUndefined();
    expect(await readSegment(blobs, recent!)).toEqual([{ day: 2 }]);
    expect(sealed()).toEqual([recent]);
    expect((await ledger.verify()).ok).toBe(true);
  });

  test('a changed segment is refused', async () => {
    const { blobs, writer, sealed } = await setUp();
    writer.append({ day: 1 });
    await writer.flush();
    const changed = { ...blobs, get: async () => new Blob(['{"day":2}\n']).stream() };
    await expect(readSegment(changed, sealed()[0]!)).rejects.toMatchObject({ code: 'storage/corrupt' });
  });
});
