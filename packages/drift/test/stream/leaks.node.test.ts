import { seededRandom } from '@millwright/core';
import { adwin, bocd, conformalRank, type Detector, kswin, rddm, stepd } from '@millwright/drift/stream';
import { expect, test } from 'vitest';
import { bytesKept } from '../../../../test/support/memory.js';

const random = seededRandom(1);
const amounts = (count: number) => Float64Array.from({ length: count }, () => random.next());
const errors = (count: number) => amounts(count).map((value) => Number(value < 0.3));

/** The ones with windows, reservoirs or run lengths: what could grow. */
test.each<readonly [string, Detector, (count: number) => Float64Array]>([
  ['adwin', adwin.init(), amounts],
  ['bocd', bocd.init(), amounts],
  ['conformalRank', conformalRank.init({ reference: amounts(100) }), amounts],
  ['kswin', kswin.init(), amounts],
  ['rddm', rddm.init(), errors],
  ['stepd', stepd.init(), errors],
])('%s does not grow with its stream', async (_, detector, values) => {
  // Measured: 40 bytes or less per 100 values, which take 800.
  expect(await bytesKept(() => detector.updateBatch(values(100)), 150)).toBeLessThan(400);
});
