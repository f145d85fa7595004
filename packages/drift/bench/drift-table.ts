import {
  type AlarmScore,
  adwin,
  bocd,
  conformalRank,
  cusum,
  type Detector,
  ddm,
  ecdd,
  eDetector,
  eddm,
  evaluateAlarms,
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
import flights from '../test/vectors/flights.json' with { type: 'json' };
import { segments } from './segments.js';

/** A stream of a model's errors, with the changes that are seen in it afterwards. */
export interface Watched {
  readonly name: string;
  /** 1 where the model was wrong. */
  readonly errors: Float64Array;
  /** How wrong it was, for detectors that take any scale; the errors themselves where nothing finer is known. */
  readonly scores: Float64Array;
  readonly changes: readonly number[];
}

/** A change lasts 3,000 values and moves the error rate by five points; it is found within 2,000 values. */
const CHANGE = { least: 3_000, size: 0.05 };
const FOUND = { within: 2_000 };
/** The first values are what is normal; alarms count from there on. */
const LEARNT = 2_000;
const ARL = 20_000;

export function watched(name: string, errors: Float64Array, scores = errors): Watched {
  return { name, errors, scores, changes: segments(errors, CHANGE) };
}

/** Six months of flights, of which every 60th: late by more than a quarter of an hour, and by how many minutes. */
export function flightMonths(): Watched {
  const minutes = Float64Array.from(atob(flights.delays), (char) => char.charCodeAt(0) - 60);
  return watched(
    'flights',
    minutes.map((late) => (late > 15 ? 1 : 0)),
    minutes,
  );
}

/** A model of the Elec2 market that was trained on the first 10,000 rows, from there on; `csv` is its predictions. */
export function electricity(csv: string): Watched {
  const column = columnsOf(csv);
  const [truth, score] = [column('y'), column('frozen_proba')];
  const scores = truth.map((y, i) => Math.abs(y - score[i]!));
  return watched('Elec2', column('frozen_err').subarray(10_000), scores.subarray(10_000));
}

/** A model of rain at Bellevue that was trained on the first 4,000 days, from there on; `csv` is its errors. */
export function weather(csv: string): Watched {
  return watched('weather', columnsOf(csv)('frozen_err').subarray(4_000));
}

function columnsOf(csv: string): (name: string) => Float64Array {
  const [head, ...rows] = csv.trimEnd().split('\n');
  const names = head!.split(',');
  const cells = rows.map((row) => row.split(','));
  return (name) => Float64Array.from(cells, (row) => Number(row[names.indexOf(name)]));
}

/** Detectors by name, as they come. `learn` makes one from what is normal, again after each alarm; the rest learn by themselves. */
export const DETECTORS: Readonly<
  Record<string, (() => Detector) | { readonly learn: (normal: Float64Array) => Detector; readonly scores?: true }>
> = {
  'e-detector': { learn: (baseline) => eDetector.init({ baseline, direction: 'both', arl: ARL }) },
  'e-detector, rise only': { learn: (baseline) => eDetector.init({ baseline, arl: ARL }) },
  'e-detector, margin 0.05': {
    learn: (baseline) => eDetector.init({ baseline, direction: 'both', arl: ARL, margin: 0.05 }),
  },
  'conformal-rank': { learn: (reference) => conformalRank.init({ reference, arl: ARL }), scores: true },
  'ks-betting': { learn: (reference) => ksBetting.init({ reference, arl: ARL }), scores: true },
  'ks-betting, margin 0.05': {
    learn: (reference) => ksBetting.init({ reference, arl: ARL, margin: 0.05 }),
    scores: true,
  },
  adwin: () => adwin.init(),
  'page-hinkley': () => pageHinkley.init(),
  cusum: () => cusum.init(),
  shewhart: () => shewhart.init(),
  ewma: () => ewma.init(),
  ddm: () => ddm.init(),
  eddm: () => eddm.init(),
  rddm: () => rddm.init(),
  'hddm-a': () => hddmA.init({ twoSided: true }),
  'hddm-w': () => hddmW.init({ twoSided: true }),
  kswin: () => kswin.init(),
  stepd: () => stepd.init({ direction: 'both' }),
  ecdd: () => ecdd.init(),
  bocd: () => bocd.init(),
};

/** The score of one detector on one stream. */
export function score(name: string, stream: Watched): AlarmScore {
  const detector = DETECTORS[name]!;
  const { errors, scores, changes } = stream;
  const alarms =
    typeof detector === 'function'
      ? alarmsOf(detector(), errors)
      : relearnt(detector.learn, detector.scores ? scores : errors);
  const from = (list: readonly number[]) => list.filter((at) => at >= LEARNT).map((at) => at - LEARNT);
  return evaluateAlarms(from(alarms), from(changes), { values: errors.length - LEARNT, ...FOUND });
}

function alarmsOf(detector: Detector, values: Float64Array): readonly number[] {
  const at = new Uint32Array(values.length);
  return Array.from(at.subarray(0, detector.updateBatch(values, at)));
}

/** As in service: after an alarm the next values are the new normal, and nobody watches until they are complete. */
function relearnt(learn: (normal: Float64Array) => Detector, values: Float64Array): readonly number[] {
  const CHUNK = 128;
  const first = new Uint32Array(1);
  const alarms: number[] = [];
  for (let start = LEARNT; start < values.length; ) {
    const detector = learn(values.slice(start - LEARNT, start));
    let at = start;
    while (at < values.length && detector.updateBatch(values.subarray(at, at + CHUNK), first) === 0) at += CHUNK;
    if (at >= values.length) break;
    alarms.push(at + first[0]!);
    start = at + first[0]! + 1 + LEARNT;
  }
  return alarms;
}

/** All detectors on one stream, as lines of text; what cannot be said is a dash. */
export function table(stream: Watched): readonly string[] {
  const { name, errors, changes } = stream;
  const lines = [
    `${name}: ${errors.length.toLocaleString('en')} values, changes seen afterwards at ${changes.join(', ') || 'no place'}`,
    `${''.padEnd(26)}alarms  precision  recall   delay  values between false alarms`,
  ];
  const part = (share: number | undefined) => (share === undefined ? '-' : share.toFixed(2));
  const whole = (value: number | undefined) => (value === undefined ? '-' : Math.round(value).toLocaleString('en'));
  for (const detector of Object.keys(DETECTORS)) {
    const found = score(detector, stream);
    const cells = [
      String(found.alarms).padStart(6),
      part(found.precision).padStart(11),
      part(found.recall).padStart(8),
      whole(found.delay).padStart(8),
      (found.falseAlarms === 0 ? 'none' : whole(found.timeBetweenFalseAlarms)).padStart(10),
    ];
    lines.push(detector.padEnd(26) + cells.join(''));
  }
  return lines;
}
