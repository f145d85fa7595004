import { seededRandom } from '@millwright/core';
import {
  adwin,
  bocd,
  conformalRank,
  cusum,
  type Detector,
  ddm,
  ecdd,
  eDetector,
  eddm,
  ewma,
  hddmA,
  hddmW,
  ksBetting,
  kswin,
  pageHinkley,
  rddm,
  shewhart,
  stepd,
} from '../src/stream/index.js';
import { type Naive, NaiveAdwin, NaiveDdm, NaiveEDetector, NaivePageHinkley } from './naive-detectors.js';

/**
 * Nanoseconds per value: `update` in a loop and `updateBatch`, on 200,000 errors at a rate of 10 %; those of any scale on
 * uniform values. Beside them, where there is a goal, a straightforward version in the same run, and whether both found the
 * same. Best of forty. All detectors share one process, so calls are as polymorphic as in a service that uses them all.
 */
const ROWS = 200_000;
const random = seededRandom(1);
const errors = Float64Array.from({ length: ROWS }, () => (random.next() < 0.1 ? 1 : 0));
const uniform = Float64Array.from({ length: ROWS }, () => random.next());
const reference = uniform.slice(0, 5_000);
const SHARES = [0.03, 0.065, 0.14, 0.3];

interface Row {
  readonly make: () => Detector;
  readonly values?: Float64Array;
  readonly goal?: number;
  readonly naive?: () => Naive;
}

const rows: Record<string, Row> = {
  'e-detector': {
    make: () => eDetector.init({ baseline: 0.11 }),
    goal: 25,
    naive: () => new NaiveEDetector(0.11, 20_000, SHARES),
  },
  'page-hinkley': { make: () => pageHinkley.init(), goal: 15, naive: () => new NaivePageHinkley() },
  ddm: { make: () => ddm.init(), goal: 15, naive: () => new NaiveDdm() },
  adwin: { make: () => adwin.init(), goal: 60, naive: () => new NaiveAdwin() },
  'e-detector, both sides': { make: () => eDetector.init({ baseline: 0.1, direction: 'both' }) },
  'conformal-rank': { make: () => conformalRank.init({ reference }), values: uniform },
  'ks-betting': { make: () => ksBetting.init({ reference }), values: uniform },
  cusum: { make: () => cusum.init() },
  shewhart: { make: () => shewhart.init() },
  ewma: { make: () => ewma.init() },
  eddm: { make: () => eddm.init() },
  rddm: { make: () => rddm.init() },
  'hddm-a': { make: () => hddmA.init() },
  'hddm-w': { make: () => hddmW.init() },
  stepd: { make: () => stepd.init() },
  ecdd: { make: () => ecdd.init() },
  kswin: { make: () => kswin.init(), values: uniform.subarray(0, 5_000) },
  bocd: { make: () => bocd.init(), values: uniform.subarray(0, 5_000) },
};

const best = Object.fromEntries(Object.keys(rows).map((name) => [name, [Infinity, Infinity, Infinity]]));
const alarms: Record<string, [number, number]> = {};
for (let round = 0; round < 40; round++) {
  for (const [name, { make, values = errors, naive }] of Object.entries(rows)) {
    const [one, batch, plain] = [make(), make(), naive?.()];
    let [single, simple] = [0, 0];
    const times = [
      perValue(values, () => {
        for (let i = 0; i < values.length; i++) if (one.update(values[i]!) === 2) single++;
      }),
      perValue(values, () => batch.updateBatch(values)),
      plain === undefined
        ? Number.NaN
        : perValue(values, () => {
            for (let i = 0; i < values.length; i++) if (plain.update(values[i]!)) simple++;
          }),
    ];
    best[name] = best[name]!.map((least, k) => Math.min(least, times[k]!));
    alarms[name] = [single, simple];
  }
}

console.log('detector                 update    batch  straightforward   times faster      goal   alarms');
for (const [name, { goal, naive }] of Object.entries(rows)) {
  const [single, batch, plain] = best[name]!;
  const [ours, theirs] = alarms[name]!;
  const beside =
    naive === undefined
      ? ''
      : `${ns(plain!)}${(plain! / batch!).toFixed(1).padStart(15)}${`≤ ${goal} ${batch! <= goal! ? 'met' : 'MISSED'}`.padStart(12)}`;
  const same = naive === undefined ? '' : ours === theirs ? ' (both)' : ` and ${theirs}: they differ`;
  console.log(`${name.padEnd(22)}${ns(single!)}${ns(batch!)}${beside.padEnd(44)}${String(ours).padStart(8)}${same}`);
}

function ns(value: number): string {
  return value.toFixed(1).padStart(9);
}

function perValue(values: Float64Array, work: () => void): number {
  const start = performance.now();
  work();
  return ((performance.now() - start) * 1e6) / values.length;
}
