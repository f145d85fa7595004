import { seededRandom } from '@millwright/core';
import {
  bocd,
  cusum,
  type Detector,
  ddm,
  deviationSum,
  ecdd,
  ewma,
  rddm,
  river,
  shewhart,
  stepd,
} from '@millwright/drift/stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pythonRandom } from './python-random.js';

function alarms(detector: Detector, values: Float64Array): readonly number[] {
  const at = new Uint32Array(values.length);
  return [...at.subarray(0, detector.updateBatch(values, at))];
}

const errors = (rates: readonly (readonly [number, number])[], seed = 1) => {
  const random = seededRandom(seed);
  return Float64Array.from(rates.flatMap(([n, rate]) => Array.from({ length: n }, () => Number(random.next() < rate))));
};

describe('the examples of river’s documentation, stream and all', () => {
  const gauss = (seed: number, ...parts: readonly (readonly [number, number, number])[]) => {
    const random = pythonRandom(seed);
    return Float64Array.from(parts.flatMap(([n, mean, sd]) => Array.from({ length: n }, () => random.gauss(mean, sd))));
  };

  test('CPython’s generator', () => {
    expect(pythonRandom(42).random()).toBe(0.6394267984578837);
  });

  test('EWMA', () => {
    const values = gauss(12_345, [1_000, 0, 1], [1_000, 3, 1]);
    expect(alarms(river.EWMA({ alpha: 0.1, threshold: 4, min_instances: 50 }), values)).toEqual([1_010]);
  });

  test('CUSUM', () => {
    expect(alarms(river.CUSUM({}), gauss(12_345, [200, 0, 1], [200, 3, 1]))).toEqual([201, 251]);
  });

  test('Shewhart', () => {
    expect(alarms(river.Shewhart({ k: 4 }), gauss(12_345, [300, 0, 1], [200, 5, 1]))).toEqual([300]);
  });

  test('RDDM', () => {
    const random = pythonRandom(42);
    const values = Float64Array.from({ length: 2_000 }, (_, i) => Number(random.random() < (i < 1_000 ? 0.1 : 0.5)));
    expect(alarms(river.RDDM({}), values)).toEqual([1_021]);
  });
});

describe('EWMA', () => {
  test('looks where it is told to', () => {
    const random = seededRandom(3);
    const values = Float64Array.from({ length: 400 }, (_, i) => random.next() + random.next() + (i < 200 ? 0 : -1));
    expect(alarms(ewma.init({ direction: 'up' }), values)).toEqual([]);
    expect(alarms(ewma.init({ direction: 'down' }), values)[0]).toBeGreaterThanOrEqual(200);
  });

  test('a constant stream never alarms', () => {
    expect(alarms(ewma.init(), new Float64Array(500).fill(7))).toEqual([]);
    expect(alarms(shewhart.init(), new Float64Array(500).fill(7))).toEqual([]);
  });

  test.each([
    [() => ewma.init({ weight: 0 }), 'weight'],
    [() => ewma.init({ threshold: 0 }), 'threshold'],
    [() => ecdd.init({ arl: 500 as 400 }), 'arl'],
    [() => shewhart.init({ learn: 1 }), 'learn'],
    [() => cusum.init({ threshold: -1 }), 'threshold'],
    [() => deviationSum.init({ threshold: 0 }), 'threshold'],
    [() => deviationSum.init({ alpha: 2 }), 'alpha'],
  ])('refuses %o', (init, name) => {
    expect(init).toThrow(name);
  });
});

test('ECDD warns, then alarms, when errors become many', () => {
  const values = Float64Array.from({ length: 400 }, (_, i) => Number(i < 300 ? i % 10 === 0 : i % 2 === 0));
  const detector = ecdd.init({ arl: 1_000 });
  const signals = Array.from(values, (value) => detector.update(value));
  const first = signals.indexOf(2);
  expect(first).toBeGreaterThan(300);
  expect(first).toBeLessThan(330);
  expect(signals.slice(300, first)).toContain(1);
});

describe('RDDM', () => {
  test('reacts sooner than DDM after a long quiet time', () => {
    // Errors at regular distances, so that neither alarms before.
    const values = Float64Array.from({ length: 60_000 }, (_, i) => Number(i % (i < 50_000 ? 10 : 5) === 0));
    const [slow] = alarms(ddm.init({ warning: 1.773, drift: 2.258 }), values);
    const found = alarms(rddm.init(), values);
    // Its concept was too long at 40,000, so it remembers 7,000 values and not 50,000.
    expect(found[0]).toBe(40_000);
    expect(found[1]! - 50_000).toBeLessThan((slow! - 50_000) / 2);
  });

  test('a concept that is too long ends without a change', () => {
    const values = errors([[700, 0.1]]);
    const detector = rddm.init({ warning: 50, drift: 100, longest: 500, kept: 100 });
    // After it, the 100 latest values and the first count of 1 are known already.
    expect(alarms(detector, values)).toEqual([500]);
  });

  test('a warning that lasts too long is a drift', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => Number(i < 200 ? i % 10 === 0 : i % 7 === 0));
    const found = alarms(rddm.init({ warning: 0.01, drift: 100, longestWarning: 20 }), values);
    expect(found.length).toBeGreaterThan(0);
  });

  test('holds the latest values bit by bit over the end of its ring', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 200, maxLength: 400 }), (bits) => {
        // The largest number of values that never fills the ring, against one that it wraps around many times.
        const options = { warmUp: 20, longest: 60 };
        const whole = alarms(rddm.init({ ...options, kept: 61 }), Float64Array.from(bits));
        const wrapped = alarms(rddm.init({ ...options, kept: 61 + 64 }), Float64Array.from(bits));
        // Up to the first reaction no ring is full, so both see the same.
        expect(wrapped[0]).toBe(whole[0]);
      }),
      { numRuns: 50 },
    );
  });

  test('refuses what is no error and no hit', () => {
    expect(() => rddm.init().update(0.5)).toThrow(/an error/);
    expect(() => rddm.init({ drift: 1, warning: 2 })).toThrow(/warning/);
    expect(() => rddm.init({ kept: 0 })).toThrow(/kept/);
  });
});

describe('STEPD', () => {
  const quiet = errors([[3_000, 0.5]], 5);
  const broken = errors([[100, 0.95]], 6);
  const values = Float64Array.from([...quiet, ...broken]);

  test('finds a rising error rate within a window', () => {
    const found = alarms(stepd.init({ drift: 1e-5 }), values);
    expect(found[0]).toBeGreaterThan(3_000);
    expect(found[0]).toBeLessThan(3_040);
  });

  test('a falling rate counts only when asked for', () => {
    const turned = values.map((value) => 1 - value);
    expect(alarms(stepd.init({ drift: 1e-5 }), turned)).toEqual([]);
    expect(alarms(stepd.init({ drift: 1e-5, direction: 'both' }), turned)).toEqual(
      alarms(stepd.init({ drift: 1e-5, direction: 'both' }), values),
    );
  });

  test('neither hits only nor errors only alarm', () => {
    expect(alarms(stepd.init(), new Float64Array(500))).toEqual([]);
    expect(alarms(stepd.init(), new Float64Array(500).fill(1))).toEqual([]);
  });

  test('refuses p-values in the wrong order', () => {
    expect(() => stepd.init({ drift: 0.1, warning: 0.05 })).toThrow(/drift/);
    expect(() => stepd.init({ window: 0 })).toThrow(/window/);
  });
});

/** The whole run-length distribution at every value, as Adams and MacKay 2007 define it: algorithm 1, nothing pruned. */
function exactBocd(values: Float64Array, hazard: number, minValues: number): readonly number[] {
  const found: number[] = [];
  let runs = [{ log: 0, n: 0, mean: 0 }];
  let seen = 0;
  for (const [i, value] of values.entries()) {
    const predicted = runs.map(({ log, n, mean }) => {
      const variance = 1 + 1 / (1 + n);
      return log - 0.5 * Math.log(2 * Math.PI * variance) - (value - mean) ** 2 / (2 * variance);
    });
    const most = Math.max(...predicted);
    const evidence = most + Math.log(predicted.reduce((sum, log) => sum + Math.exp(log - most), 0));
    runs = [
      { log: Math.log(hazard), n: 0, mean: 0 },
      ...runs.map(({ n, mean }, k) => ({
        log: Math.log1p(-hazard) + predicted[k]! - evidence,
        n: n + 1,
        mean: (mean * (1 + n) + value) / (2 + n),
      })),
    ];
    seen++;
    const best = runs.reduce((at, run, k) => (run.log > runs[at]!.log ? k : at), 0);
    if (seen < minValues || best === runs.length - 1) continue;
    found.push(i);
    runs = [{ log: 0, n: 0, mean: 0 }];
    seen = 0;
  }
  return found;
}

describe('BOCD', () => {
  const steps = (seed: number, n: number, size: number) => {
    const random = pythonRandom(seed);
    return Float64Array.from({ length: n }, (_, i) => random.gauss(i % 300 < 150 ? 0 : size, 1));
  };

  test.each([1, 2, 3, 4])('alarms where the whole distribution of run lengths does, seed %i', (seed) => {
    const values = steps(seed, 900, 1.5);
    const expected = exactBocd(values, 0.01, 30);
    expect(expected.length).toBeGreaterThan(3);
    expect(alarms(bocd.init({ learn: 0 }), values)).toEqual(expected);
  });

  test('fifty runs alarm as all do, to a value', () => {
    const values = steps(5, 1_500, 1.5);
    const expected = exactBocd(values, 0.01, 30);
    const found = alarms(bocd.init({ learn: 0, runs: 50 }), values);
    expect(found.length).toBe(expected.length);
    for (const [k, at] of found.entries()) expect(Math.abs(at - expected[k]!)).toBeLessThanOrEqual(1);
  });

  test('scale and place do not matter when they are learnt', () => {
    const values = steps(6, 900, 3);
    const moved = values.map((value) => 1e6 + 1e3 * value);
    expect(alarms(bocd.init(), moved)).toEqual(alarms(bocd.init(), values));
  });

  test('a value beyond all reason is an alarm, not a breakdown', () => {
    const detector = bocd.init({ learn: 0 });
    detector.updateBatch(steps(7, 100, 0));
    expect(detector.update(1e200)).toBe(2);
    expect(detector.updateBatch(steps(7, 100, 0))).toBe(0);
  });

  test.each([[{ hazard: 0 }], [{ learn: 1 }], [{ prior: 0 }], [{ runs: 1 }]])('refuses %o', (options) => {
    expect(() => bocd.init(options)).toThrow(/Expected/);
  });
});
