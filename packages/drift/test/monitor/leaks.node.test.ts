import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { type Table, tableFrom } from '@millwright/core/table';
import { expect, test } from 'vitest';
import { bytesKept } from '../../../../test/support/memory.js';
import { createMonitor, type MonitorOptions } from '../../src/index.js';

const random = seededRandom(1);
const euros = (rows: number) => Float64Array.from({ length: rows }, () => random.next());
const whole = (rows: number) =>
  tableFrom({ euros: euros(rows), country: Array.from({ length: rows }, (_, i) => `country ${i % 5}`) });
const reference = profileTable(whole(2_000));

/** Every batch of 200 rows: about 2,500 bytes of a profile if it were kept. */
const work = (
  options: Omit<MonitorOptions, 'reference'>,
  stepMs: (call: number) => number,
  batch = () => whole(200),
) => {
  const monitor = createMonitor({ reference, ...options });
  let time = 0;
  return (call: number) => {
    time += stepMs(call);
    monitor.observe(batch(), { time });
  };
};

test('a monitor keeps nothing of windows that it has closed, beyond the latest ones that it was asked to keep', async () => {
  const cases = [
    work({ window: { rows: 400 }, rolling: { windows: 4 } }, () => 1),
    work({ window: { by: 'time', everyMs: 1_000, latenessMs: 500 } }, () => 400),
    work({ window: { by: 'session', gapMs: 1_000 } }, (call) => (call % 3 === 0 ? 2_000 : 100)),
  ];
  // Measured: 20 to 340 bytes per batch, the fewer the more there are.
  for (const observe of cases) expect(await bytesKept(observe, 150)).toBeLessThan(1_000);
});

test('an open window does not grow with batches, whatever columns they have', async () => {
  const batches: readonly Table[] = [whole(50), tableFrom({ euros: euros(50) })];
  let next = 0;
  const alternating = () => batches[next++ % 2]!;
  const day = { window: { by: 'time', everyMs: 86_400_000 } } as const;
  // Measured: 10 bytes; 2,550 when only neighbours of one shape were merged.
  expect(
    await bytesKept(
      work(day, () => 0, alternating),
      150,
    ),
  ).toBeLessThan(600);
});
