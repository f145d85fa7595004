import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';
import { deviationOfRate, exceeds } from './moments.js';
import type { Direction } from './types.js';

/** How fast the chart forgets, and what is an alarm. */
export interface EwmaOptions {
  /** Weight of the newest value in the chart. Default 0.1. */
  readonly weight?: number | undefined;
  /** Alarm height in standard errors of the chart. Default 4. */
  readonly threshold?: number | undefined;
  /** No alarm before so many values. Default 30. */
  readonly minValues?: number | undefined;
  /** Which change of the mean counts. Default `both`. */
  readonly direction?: Direction | undefined;
}

const EWMA = { weight: 0.1, threshold: 4, minValues: 30, direction: 'both' } as const satisfies EwmaOptions;

type CheckedEwma = { readonly direction: Direction } & Readonly<Record<'weight' | 'threshold' | 'minValues', number>>;

const COUNT = 0;
const MEAN = 1;
const CHART = 2;
const WEIGHTED = 3;
const WEIGHTED_SQUARES = 4;
/** (1 - weight) to twice the count: what is left of the beginning. */
const FADED = 5;

/** EWMA chart (Roberts 1959) with the semantics of river: a fading mean against the mean of all, in fading deviations. */
export const ewma = /* @__PURE__ */ defineDetector<EwmaOptions, CheckedEwma>({
  id: 'ewma',
  version: 1,
  knob: { option: 'threshold', from: 0.5, to: 1e3 },
  check(options) {
    const checked = { ...EWMA, ...defined(options) };
    if (!(checked.weight > 0 && checked.weight <= 1))
      throw invalidInput('weight', 'a number above 0, at most 1', checked.weight);
    if (!(checked.threshold > 0)) throw invalidInput('threshold', 'a number above 0', checked.threshold);
    return checked;
  },
  begin: () => Float64Array.of(0, 0, 0, 0, 0, 1),
  step(state, { weight, threshold, minValues, direction }, value) {
    const count = state[COUNT]! + 1;
    const mean = state[MEAN]! + (value - state[MEAN]!) / count;
    const chart = count === 1 ? value : weight * value + (1 - weight) * state[CHART]!;
    const weighted = fade(state[WEIGHTED]!, weight, value);
    const squares = fade(state[WEIGHTED_SQUARES]!, weight, value * value);
    const faded = state[FADED]! * (1 - weight) ** 2;
    state[COUNT] = count;
    state[MEAN] = mean;
    state[CHART] = chart;
    state[WEIGHTED] = weighted;
    state[WEIGHTED_SQUARES] = squares;
    state[FADED] = faded;
    if (count < minValues) return 0;
    const variance = Math.max(0, squares - weighted * weighted);
    const limit = threshold * Math.sqrt(variance * (weight / (2 - weight)) * (1 - faded));
    return exceeds(chart - mean, mean - chart, limit, direction) ? 2 : 0;
  },
});

/** As river: a fading mean of 0 counts as one that has not begun. */
function fade(before: number, weight: number, value: number): number {
  return before === 0 ? value : weight * value + (1 - weight) * before;
}

/** How fast the chart forgets, and how rarely it may alarm without a change. */
export interface EcddOptions {
  /** Weight of the newest value in the chart. The limits below hold for the default, 0.2. */
  readonly weight?: number | undefined;
  /** Average run length without change that the limits were fitted to, by simulation, for known rates: 100, 400 or 1,000. Default 400. */
  readonly arl?: 100 | 400 | 1_000 | undefined;
  /** Share of the limit from which there is a warning. Default 0.5. */
  readonly warning?: number | undefined;
  /** No alarm before so many values. Default 30. */
  readonly minValues?: number | undefined;
}

const ECDD = { weight: 0.2, arl: 400, warning: 0.5, minValues: 30 } as const satisfies EcddOptions;

/** Coefficients of 1, p, p³, p⁵ and p⁷ of the limit at error rate p: Ross et al. 2012, table 1. */
const LIMITS = {
  100: [2.76, -6.23, 18.12, -312.45, 1_002.18],
  400: [3.97, -6.56, 48.73, -330.13, 848.18],
  1000: [1.17, 7.56, -21.24, 112.12, -987.23],
} as const;

type CheckedEcdd = Readonly<Record<'weight' | 'warning' | 'minValues', number>> & {
  readonly arl: 100 | 400 | 1_000;
};

const ECDD_CHART = 2;
const ECDD_FADED = 3;

/** ECDD (Ross et al. 2012): an EWMA chart of errors (1) and hits (0) whose limit moves with the error rate. */
export const ecdd = /* @__PURE__ */ defineDetector<EcddOptions, CheckedEcdd>({
  id: 'ecdd',
  version: 1,
  check(options) {
    const checked = { ...ECDD, ...defined(options) };
    if (LIMITS[checked.arl] === undefined) throw invalidInput('arl', '100, 400 or 1,000', checked.arl);
    if (!(checked.weight > 0 && checked.weight < 1))
      throw invalidInput('weight', 'a number between 0 and 1', checked.weight);
    return checked;
  },
  begin: () => Float64Array.of(0, 0, 0, 1),
  step(state, { weight, arl, warning, minValues }, value) {
    const count = state[COUNT]! + 1;
    const rate = state[MEAN]! + (value - state[MEAN]!) / count;
    const chart = weight * value + (1 - weight) * state[ECDD_CHART]!;
    const faded = state[ECDD_FADED]! * (1 - weight) ** 2;
    state[COUNT] = count;
    state[MEAN] = rate;
    state[ECDD_CHART] = chart;
    state[ECDD_FADED] = faded;
    if (count < minValues) return 0;
    const [one, p1, p3, p5, p7] = LIMITS[arl];
    const square = rate * rate;
    const limit = one + rate * (p1 + square * (p3 + square * (p5 + square * p7)));
    const height = limit * deviationOfRate(rate, 1) * Math.sqrt((weight / (2 - weight)) * (1 - faded));
    if (chart > rate + height) return 2;
    return chart > rate + warning * height ? 1 : 0;
  },
});
