import { type Random, seededRandom } from '@millwright/core';
import {
  adwin,
  calibrate,
  conformalRank,
  type Detector,
  ddm,
  eDetector,
  hddmA,
  hddmW,
  ksBetting,
  pageHinkley,
} from '../src/stream/index.js';

/** A stream without change, new for each run. */
export type Stream = () => (random: Random) => number;

/** A detector with its promise and the streams for which it is given. */
export interface Promised {
  readonly name: string;
  /** A new one, its baseline exact or learnt anew. */
  readonly make: (random: Random, arl: number) => Detector;
  readonly streams: Readonly<Record<string, Stream>>;
}

const BASELINE = 0.1;
const bernoulli = (random: Random, rate: number) => (random.next() < rate ? 1 : 0);
const normal = (random: Random) => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

const independent: Stream = () => (random) => bernoulli(random, BASELINE);

const clusters: Stream = () => {
  let last = 0;
  return (random) => (last = bernoulli(random, last === 1 ? BASELINE : 0.05));
};

/** Values of an AR(1) size, as often as keeps the mean at 0.1. */
const sizes: Stream = () => {
  let size = 0.6;
  return (random) => {
    size = 0.9 * size + 0.1 * (0.2 + 0.8 * random.next());
    return size * bernoulli(random, BASELINE / size);
  };
};

const bursts: Stream = () => {
  let at = 0;
  return (random) => (Math.floor(at++ / 50) % 2 === 0 ? bernoulli(random, BASELINE) : 0);
};

/** Knows the wealth of a bettor of its own, and gambles when there is something to win. */
const gambler: Stream = () => {
  let wealth = 0;
  return (random) => {
    const value = wealth > 50 ? bernoulli(random, BASELINE) : BASELINE;
    wealth = (wealth + 1) * (1 + value - BASELINE);
    return value;
  };
};

/** Streams in [0, 1] whose mean, given the past, is never above 0.1. */
const BOUNDED: Readonly<Record<string, Stream>> = {
  independent,
  'AR(1) in size': sizes,
  'errors in clusters': clusters,
  'adversary: bursts at the bound': bursts,
  'adversary: gambles when ahead': gambler,
  'adversary: always at the bound': () => () => BASELINE,
};

const noise: Stream = () => normal;

const spreads: Stream = () => {
  let spread = 1;
  return (random) => {
    spread = 0.9 * spread + 0.2 * random.next();
    return spread * normal(random);
  };
};

const reference = (random: Random) => Float64Array.from({ length: 5_000 }, () => normal(random));

export const PROMISES: readonly Promised[] = [
  {
    name: 'e-detector, baseline known',
    make: (_, arl) => eDetector.init({ baseline: BASELINE, arl }),
    streams: BOUNDED,
  },
  {
    name: 'e-detector, CUSUM form',
    make: (_, arl) => eDetector.init({ baseline: BASELINE, arl, form: 'cusum' }),
    streams: BOUNDED,
  },
  {
    name: 'e-detector, both sides',
    make: (_, arl) => eDetector.init({ baseline: BASELINE, arl, direction: 'both' }),
    streams: { independent, 'AR(1) in size': sizes },
  },
  {
    name: 'e-detector, baseline of 5,000',
    make: (random, arl) => eDetector.init({ baseline: { count: countOf(random), rows: 5_000 }, arl }),
    streams: BOUNDED,
  },
  {
    name: 'conformal-rank, reference of 5,000',
    make: (random, arl) => conformalRank.init({ reference: reference(random), arl }),
    streams: { independent: noise, 'AR(1) in spread': spreads },
  },
  {
    name: 'ks-betting, reference of 5,000',
    make: (random, arl) => ksBetting.init({ reference: reference(random), arl }),
    streams: { independent: noise },
  },
];

function countOf(random: Random): number {
  let count = 0;
  for (let i = 0; i < 5_000; i++) count += bernoulli(random, BASELINE);
  return count;
}

/** Values per alarm over runs that are cut at ten times the promise. */
export function runLength(promise: Promised, stream: Stream, { arl, runs, seed }: Simulation): number {
  const random = seededRandom(seed);
  let [values, alarms] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const detector = promise.make(random, arl);
    const next = stream();
    for (let at = 0; at < 10 * arl; at++) {
      values++;
      if (detector.update(next(random)) !== 2) continue;
      alarms++;
      break;
    }
  }
  return values / Math.max(1, alarms);
}

export interface Simulation {
  /** What is promised. */
  readonly arl: number;
  readonly runs: number;
  readonly seed: number;
}

/** What is measured after 2,000 quiet errors at a rate of 0.10, until the alarm after the rate has risen. */
export interface Delays {
  /** Half of the runs found it sooner; a run without an alarm in 8,000 values counts as longer than all others. */
  readonly median: number;
  /** Share of runs without an alarm. */
  readonly missed: number;
  /** Share of runs with an alarm before the change. */
  readonly early: number;
}

const QUIET = 2_000;
const PATIENCE = 8_000;

/** Delays of a detector that is made anew for each run, from a sample of 5,000 errors at the old rate. */
export function delays(
  make: (sample: Float64Array) => Detector,
  rate: number,
  { runs, seed }: Omit<Simulation, 'arl'>,
) {
  const random = seededRandom(seed);
  const at = new Uint32Array(1);
  const errors = (n: number, p: number) => Float64Array.from({ length: n }, () => bernoulli(random, p));
  const found: number[] = [];
  let early = 0;
  for (let run = 0; run < runs; run++) {
    const detector = make(errors(5_000, BASELINE));
    if (detector.updateBatch(errors(QUIET, BASELINE)) > 0) early++;
    found.push(detector.updateBatch(errors(PATIENCE, rate), at) === 0 ? Number.POSITIVE_INFINITY : at[0]! + 1);
  }
  found.sort((a, b) => a - b);
  const missed = found.filter((delay) => delay === Number.POSITIVE_INFINITY).length;
  return { median: found[Math.floor(runs / 2)]!, missed: missed / runs, early: early / runs } satisfies Delays;
}

/** The promise that all delays below are held to, where a detector can be. */
export const ARL = 20_000;

/** Detectors for `delays`. Those that are calibrated keep the run length of 20,000 on a stream like one sample. */
export function contenders(runs: number): Readonly<Record<string, (sample: Float64Array) => Detector>> {
  const random = seededRandom(42);
  const sample = Float64Array.from({ length: 5_000 }, () => bernoulli(random, BASELINE));
  const plan = { targetArl: ARL, reference: sample, runs };
  const [page, window, weighted] = [calibrate(pageHinkley, plan), calibrate(adwin, plan), calibrate(hddmW, plan)];
  return {
    'e-detector, baseline known': () => eDetector.init({ baseline: BASELINE, arl: ARL }),
    'e-detector, baseline of 5,000': (baseline) => eDetector.init({ baseline, arl: ARL }),
    'e-detector, both sides': (baseline) => eDetector.init({ baseline, arl: ARL, direction: 'both' }),
    ADWIN: () => adwin.init(),
    'Page-Hinkley': () => pageHinkley.init(),
    'HDDM-A': () => hddmA.init(),
    'HDDM-W': () => hddmW.init(),
    DDM: () => ddm.init(),
    [`ADWIN, calibrated (delta ${window.value.toPrecision(2)})`]: () => adwin.init(window.options),
    [`Page-Hinkley, calibrated (threshold ${page.value.toPrecision(3)})`]: () => pageHinkley.init(page.options),
    [`HDDM-W, calibrated (drift ${weighted.value.toPrecision(2)})`]: () => hddmW.init(weighted.options),
  };
}
