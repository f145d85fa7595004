import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';
import { accumulate, deviationOfRate } from './moments.js';
import type { Signal } from './types.js';

/** How far above its best the error rate may rise. */
export interface DdmOptions {
  /** No alarm before so many values. Default 30. */
  readonly warmUp?: number | undefined;
  /** Standard deviations above the best error rate for a warning. Default 2, or `drift` if that is smaller. */
  readonly warning?: number | undefined;
  /** And for drift. Default 3. */
  readonly drift?: number | undefined;
}

const DDM_DEFAULTS = { warmUp: 30, warning: 2, drift: 3 } as const satisfies DdmOptions;

type DdmChecked = Readonly<Record<keyof typeof DDM_DEFAULTS, number>>;

const COUNT = 0;
const MEAN = 1;
const BEST_RATE = 2;
const BEST_DEVIATION = 3;
const BEST_SUM = 4;

/**
 * DDM (Gama et al. 2004) with the semantics of river: values are errors (1) and hits (0), and only a rising error rate
 * counts. After a long stable time it reacts late, because the rate is that of the whole past.
 */
export const ddm = /* @__PURE__ */ defineDetector<DdmOptions, DdmChecked>({
  id: 'ddm',
  version: 2,
  knob: { option: 'drift', from: 0.1, to: 100 },
  check(options) {
    const set = { ...DDM_DEFAULTS, ...defined(options) };
    const checked = { ...set, warning: options.warning ?? Math.min(set.warning, set.drift) };
    if (!(checked.drift >= checked.warning))
      throw invalidInput('drift', 'a number of `warning` or more', checked.drift);
    return checked;
  },
  begin: () => Float64Array.of(0, 0, 0, 0, Number.POSITIVE_INFINITY),
  step,
  scan(state, options, values, from) {
    let at = from;
    while (at < values.length && step(state, options, values[at]!) !== 2) at++;
    return at;
  },
});

function step(state: Float64Array, { warmUp, warning, drift }: DdmChecked, value: number): Signal {
  const count = state[COUNT]! + 1;
  const rate = state[MEAN]! + (value - state[MEAN]!) / count;
  const deviation = deviationOfRate(rate, count);
  state[COUNT] = count;
  state[MEAN] = rate;
  if (count <= warmUp) return 0;
  const sum = rate + deviation;
  if (sum <= state[BEST_SUM]!) {
    state[BEST_RATE] = rate;
    state[BEST_DEVIATION] = deviation;
    state[BEST_SUM] = sum;
  }
  if (sum > state[BEST_RATE]! + drift * state[BEST_DEVIATION]!) return 2;
  return sum > state[BEST_RATE]! + warning * state[BEST_DEVIATION]! ? 1 : 0;
}

/** How close together errors may come. */
export interface EddmOptions {
  /** Nothing is remembered before so many values, and nothing alarms before so many errors. Default 30. */
  readonly warmUp?: number | undefined;
  /** Share of the largest distance below which there is a warning. Default 0.95. */
  readonly alpha?: number | undefined;
  /** And drift. Default 0.9. */
  readonly beta?: number | undefined;
  /** What the number of distances is lowered by for their variance: 1, or 0 as Frouros has it. Default 1. */
  readonly ddof?: 0 | 1 | undefined;
}

const EDDM_DEFAULTS = { warmUp: 30, alpha: 0.95, beta: 0.9, ddof: 1 } as const satisfies EddmOptions;

type EddmChecked = Readonly<Record<keyof typeof EDDM_DEFAULTS, number>>;

// The first three are the moments of the distances between errors.
const ERRORS = 0;
const DISTANCE = 1;
const SQUARES = 2;
const ROWS = 3;
const LAST_ERROR = 4;
const LONGEST = 5;
const WARNED = 6;

/**
 * EDDM (Baena-García et al. 2006) with the semantics of river: errors (1) come closer together. Its average run length
 * without change is short (about 1,500 with the defaults).
 */
export const eddm = /* @__PURE__ */ defineDetector<EddmOptions, EddmChecked>({
  id: 'eddm',
  version: 2,
  knob: { option: 'beta', from: 0.99, to: 0.05 },
  check(options) {
    const checked = { ...EDDM_DEFAULTS, ...defined(options) };
    return { ...checked, alpha: Math.max(checked.alpha, checked.beta) };
  },
  begin: () => new Float64Array(7),
  step(state, { warmUp, alpha, beta, ddof }, value) {
    state[ROWS]!++;
    if (value !== 1) return state[WARNED] === 1 ? 1 : 0;
    accumulate(state, ERRORS, state[ROWS]! - state[LAST_ERROR]!);
    state[LAST_ERROR] = state[ROWS]!;
    const errors = state[ERRORS]!;
    if (state[ROWS]! <= warmUp) return 0;
    const deviation = errors > 1 ? Math.sqrt(state[SQUARES]! / (errors - ddof)) : 0;
    const reach = state[DISTANCE]! + 2 * deviation;
    if (reach > state[LONGEST]!) {
      state[LONGEST] = reach;
      return state[WARNED] === 1 ? 1 : 0;
    }
    if (errors <= warmUp) return 0;
    const level = reach / state[LONGEST]!;
    if (level < beta) return 2;
    state[WARNED] = level < alpha ? 1 : 0;
    return level < alpha ? 1 : 0;
  },
});
