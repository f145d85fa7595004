import { seededRandom } from '@millwright/core';
import { openLedger, segmentProjection, segmentWriter } from '@millwright/core/ledger';
import { profileTable } from '@millwright/core/profile';
import { memoryBlobs, memoryLog } from '@millwright/core/storage';
import { tableFrom } from '@millwright/core/table';
import { virtualClock } from '@millwright/core/testing';
import { createMonitor, logWindows, WINDOW_STREAM, windowHistory } from '@millwright/drift';
import { expect, test } from 'vitest';

const DAY = 86_400_000;
const random = seededRandom(3);
const rows = (count: number, shift = 0) =>
  tableFrom({ x: Float64Array.from({ length: count }, () => random.next() + shift) });
const reference = profileTable(rows(5_000));
const watch = (name: string) => createMonitor({ reference, name, window: { by: 'time', everyMs: DAY } });

async function store() {
  const clock = virtualClock(0);
  const [log, blobs] = [memoryLog(), memoryBlobs()];
  return { clock, log, blobs, ledger: await openLedger({ log, blobs, actor: 'test', clock }) };
}

test('what a monitor says is read back, whoever opens the storage', async () => {
  const { clock, log, blobs, ledger } = await store();
  const monitor = watch('numbers');
  const other = watch('others');
  const records = [];
  {
    await using kept = logWindows(monitor, { ledger, blobs }, { clock });
    await using _ = logWindows(other, { ledger, blobs }, { clock });
    for (let day = 0; day < 4; day++)
      records.push(...monitor.observe(rows(2_000, day === 3 ? 1 : 0), { time: day * DAY }));
    await kept.flush();
    records.push(...monitor.advance(4 * DAY));
    other.observe(rows(10), { time: 0 });
    other.close();
  }
  const elsewhere = await openLedger({ log, blobs, actor: 'reader' });
  const history = await windowHistory({ ledger: elsewhere, blobs })();
  expect([...history.keys()]).toEqual(['numbers', 'others']);
  expect(history.get('numbers')).toEqual(JSON.parse(JSON.stringify(records)));
  expect(history.get('numbers')?.at(-1)).toMatchObject({ verdict: 'drift', window: { index: 3, rows: 2_000 } });
  // Nothing is judged from ten rows, and that is said.
  expect(history.get('others')?.[0]).toMatchObject({ verdict: 'insufficient', window: { partial: true } });
});

test('a closed log hears no more, and a window that is said twice is one', async () => {
  const { clock, blobs, ledger } = await store();
  const day = rows(1_000);
  for (let run = 0; run < 2; run++) {
    const monitor = watch('numbers');
    const kept = logWindows(monitor, { ledger, blobs }, { clock });
    monitor.observe(day, { time: 0 });
    monitor.advance(DAY);
    await kept.close();
    monitor.observe(rows(1_000), { time: DAY });
    monitor.advance(2 * DAY);
  }
  expect((await windowHistory({ ledger, blobs })()).get('numbers')).toHaveLength(1);
});

test('reads what is new, no more than was asked for, and forgets what has expired', async () => {
  const { clock, blobs, ledger } = await store();
  const monitor = watch('numbers');
  await using kept = logWindows(monitor, { ledger, blobs }, { clock });
  let reads = 0;
  const get: typeof blobs.get = (...args) => {
    reads++;
    return blobs.get(...args);
  };
  const read = windowHistory({ ledger, blobs: { ...blobs, get } }, { windows: 2 });
  expect(await read()).toEqual(new Map());
  for (let day = 0; day < 3; day++) {
    monitor.observe(rows(500), { time: day * DAY });
    monitor.advance((day + 1) * DAY);
    await kept.flush();
    const indices = (await read()).get('numbers')?.map(({ window }) => window.index);
    expect(indices).toEqual([[0], [0, 1], [1, 2]][day]);
    expect(reads).toBe(day + 1);
  }
  const sealed = ledger.state(segmentProjection).get(WINDOW_STREAM)!;
  const newest = windowHistory({ ledger, blobs }, { maxBytes: sealed.at(-1)!.bytes });
  expect((await newest()).get('numbers')).toHaveLength(1);
  for (const { digest } of sealed) await blobs.delete(digest);
  expect(await windowHistory({ ledger, blobs })()).toEqual(new Map());
});

test('a record that is not what its digest says is no window; one that is too much is told', async () => {
  const { clock, blobs, ledger } = await store();
  const monitor = watch('numbers');
  monitor.observe(rows(1_000), { time: 0 });
  const [record] = monitor.advance(DAY).map((each) => JSON.parse(JSON.stringify(each)));
  await using segments = segmentWriter({ ledger, blobs, stream: WINDOW_STREAM, clock });
  for (const forged of [{ ...record, verdict: 'drift' }, { ...record, checks: 'none' }, { digest: record.digest }])
    segments.append(forged);
  await segments.flush();
  expect(await windowHistory({ ledger, blobs })()).toEqual(new Map());
  segments.append(record);
  await segments.flush();
  expect((await windowHistory({ ledger, blobs })()).get('numbers')).toHaveLength(1);

  const errors: unknown[] = [];
  const failing = { ...blobs, put: () => Promise.reject(new Error('the disk is full')) };
  const kept = logWindows(monitor, { ledger, blobs: failing }, { clock, onError: (error) => errors.push(error) });
  monitor.observe(rows(1_000), { time: DAY });
  monitor.advance(2 * DAY);
  await clock.advance(60_000);
  expect(errors).toEqual([new Error('the disk is full')]);
  await expect(kept.close()).rejects.toThrow('the disk is full');
});
