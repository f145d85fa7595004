import { MillwrightError, type Random } from '@millwright/core';
import type { Case } from '@millwright/core/conformance';
import type { Detector, DetectorKind } from '../stream/types.js';

/** How the detector under test is set, and the streams that it is shown. */
export interface DetectorCasesOptions<O> {
  /** Options that every check uses. */
  readonly options?: O | undefined;
  /** A value of the stream before (`changed` false) and after the change. Default: 0 or 1 with chance 0.2, then 0.8. */
  readonly draw?: ((random: Random, changed: boolean) => number) | undefined;
  /** Where randomness comes from; the same for the same seed. */
  readonly random: (seed: number) => Random;
  /** The average run length without change that the detector promises. Without it none is checked. */
  readonly arl?: number | undefined;
}

const STABLE = 2_000;
const CHANGED = 4_000;
const RUNS = 40;

/**
 * What every detector has to keep: determinism, batches that equal single values, snapshots that continue exactly,
 * refusal of values that are not finite and of foreign snapshots, an alarm after a large change, and the promised run
 * length. Give each case to your test runner.
 */
export function detectorCases<O>(kind: DetectorKind<O>, options: DetectorCasesOptions<O>): readonly Case[] {
  const draw = options.draw ?? ((random, changed) => (random.next() < (changed ? 0.8 : 0.2) ? 1 : 0));
  const stream = (seed: number, stable: number, changed: number) => {
    const random = options.random(seed);
    return Float64Array.from({ length: stable + changed }, (_, i) => draw(random, i >= stable));
  };
  const make = () => kind.init(options.options);
  const signals = (detector: Detector, values: Float64Array) => Array.from(values, (value) => detector.update(value));

  return [
    testCase('the same values give the same signals', () => {
      const values = stream(1, STABLE, CHANGED);
      same(signals(make(), values), signals(make(), values), 'signals of a second run');
    }),
    testCase('a batch finds what single values find', () => {
      const values = stream(2, STABLE, CHANGED);
      const single = signals(make(), values).flatMap((signal, i) => (signal === 2 ? [i] : []));
      const at = new Uint32Array(values.length);
      const found = make().updateBatch(values, at);
      same([...at.subarray(0, found)], single, 'positions of drift');
    }),
    testCase('a batch reports no more positions than fit, and counts them all', () => {
      const values = stream(2, STABLE, CHANGED);
      const at = new Uint32Array(1);
      same(make().updateBatch(values, at), make().updateBatch(values), 'number of drifts');
    }),
    testCase('a snapshot at any time continues exactly', () => {
      const values = stream(3, STABLE, CHANGED);
      const whole = signals(make(), values);
      for (const cut of [0, 1, 31, STABLE, STABLE + 50, STABLE + 1_000]) {
        const first = make();
        const before = signals(first, values.subarray(0, cut));
        const second = kind.restore(first.snapshot());
        same([...before, ...signals(second, values.subarray(cut))], whole, `signals after a restore at ${cut}`);
      }
    }),
    testCase('a snapshot is not changed by what comes later', () => {
      const values = stream(4, STABLE, CHANGED);
      const detector = make();
      signals(detector, values.subarray(0, 500));
      const bytes = detector.snapshot();
      const copy = bytes.slice();
      signals(detector, values.subarray(500));
      same([...bytes], [...copy], 'bytes of an earlier snapshot');
    }),
    testCase('reset forgets everything', () => {
      const values = stream(5, STABLE, CHANGED);
      const detector = make();
      signals(detector, values);
      detector.reset();
      same(signals(detector, values), signals(make(), values), 'signals after reset');
    }),
    testCase('the values of a batch are not changed', () => {
      const values = stream(6, STABLE, 0);
      const copy = values.slice();
      make().updateBatch(values);
      same([...values], [...copy], 'values');
    }),
    testCase('values that are not finite are refused and leave no trace', () => {
      const values = stream(7, STABLE, CHANGED);
      const detector = make();
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        refuses(() => detector.update(bad), `update(${bad})`);
        refuses(() => detector.updateBatch(Float64Array.of(bad)), `updateBatch([${bad}])`);
      }
      same(signals(detector, values), signals(make(), values), 'signals after refused values');
    }),
    testCase('bytes that are no snapshot of this detector are refused', () => {
      refuses(() => kind.restore(new Uint8Array()), 'restore of nothing');
      refuses(() => kind.restore(Uint8Array.of(1, 2, 3)), 'restore of noise');
      refuses(() => kind.restore(make().snapshot().slice(0, -9)), 'restore of a truncated snapshot');
    }),
    testCase('a large change is found', () => {
      const detector = make();
      signals(detector, stream(8, STABLE, 0));
      const after = signals(detector, stream(8, 0, CHANGED));
      if (!after.includes(2)) throw failed(`no drift in ${CHANGED} values after a large change`);
    }),
    {
      ...testCase('the average run length without change is as promised', () => {
        const arl = options.arl!;
        // Runs are cut at the promised length: their mean must reach what an exponential law of that mean would leave.
        let total = 0;
        for (let run = 0; run < RUNS; run++) {
          const values = stream(100 + run, arl, 0);
          const first = new Uint32Array(1);
          total += make().updateBatch(values, first) === 0 ? arl : first[0]! + 1;
        }
        const least = arl * (1 - Math.exp(-1)) - (3 * arl * 0.4) / Math.sqrt(RUNS);
        if (total / RUNS < least)
          throw failed(`runs of ${Math.round(total / RUNS)} values on average, at least ${Math.round(least)} were due`);
      }),
      skip: options.arl === undefined ? 'the detector promises no run length' : undefined,
    },
  ];
}

function testCase(name: string, body: () => void): Case {
  return { name, run: async () => body() };
}

function same<T>(actual: T, expected: T, what: string): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) throw failed(`${what} differ`);
}

function refuses(run: () => unknown, what: string): void {
  try {
    run();
  } catch {
    return;
  }
  throw failed(`${what} was accepted`);
}

function failed(reason: string): MillwrightError<'drift/nonconforming'> {
  return new MillwrightError('drift/nonconforming', `The detector does not conform: ${reason}.`, {
    details: { reason },
  });
}
