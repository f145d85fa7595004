import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';

export interface HddmOptions {
  /** Confidence of a drift. Default 0.001. */
  readonly drift?: number | undefined;
  /** And of a warning. Default 0.005. */
  readonly warning?: number | undefined;
  /** Whether a falling mean counts too. Default false. */
  readonly twoSided?: boolean | undefined;
}

export interface HddmWOptions extends HddmOptions {
  /** Weight of the newest value. Default 0.05. */
  readonly lambda?: number | undefined;
}

const DEFAULTS = { drift: 0.001, warning: 0.005, twoSided: false } as const satisfies HddmOptions;

interface CheckedOptions {
  readonly drift: number;
  readonly warning: number;
  readonly twoSided: boolean;
}

function check(options: HddmOptions): CheckedOptions {
  const checked = { ...DEFAULTS, ...defined(options) };
  if (!(checked.drift > 0 && checked.drift <= checked.warning && checked.warning < 1))
    throw invalidInput('drift', 'a confidence above 0, at most `warning`', checked.drift);
  return checked;
}

const ALARMED = 0;
const COUNT = 1;
const TOTAL = 2;
const LOW_COUNT = 3;
const LOW_TOTAL = 4;
const HIGH_COUNT = 5;
const HIGH_TOTAL = 6;
// Logarithms of the options, kept in the state because they are needed for every value.
const LOG_CUT = 7;
const LOG_DRIFT = 8;
const LOG_WARNING = 9;

/** HDDM-A (Frías-Blanco et al. 2015) with the semantics of river: Hoeffding's bound on averages; values lie in [0, 1]. */
export const hddmA = defineDetector<HddmOptions, CheckedOptions>({
  id: 'hddm-a',
  version: 1,
  check,
  begin: ({ drift, warning }) =>
    Float64Array.of(0, 0, 0, 0, 0, 0, 0, Math.log(1 / drift), Math.log(2 / drift), Math.log(2 / warning)),
  step(state, { twoSided }, value) {
    if (state[ALARMED] === 1) state.fill(0, 0, LOG_CUT);
    const count = state[COUNT]! + 1;
    const total = state[TOTAL]! + value;
    state[COUNT] = count;
    state[TOTAL] = total;
    const mean = total / count;
    const logCut = state[LOG_CUT]!;
    const bound = hoeffding(count, logCut);
    const lowCount = state[LOW_COUNT]!;
    if (lowCount === 0 || mean + bound <= state[LOW_TOTAL]! / lowCount + hoeffding(lowCount, logCut)) {
      state[LOW_COUNT] = count;
      state[LOW_TOTAL] = total;
    }
    const highCount = state[HIGH_COUNT]!;
    if (highCount === 0 || mean - bound >= state[HIGH_TOTAL]! / highCount - hoeffding(highCount, logCut)) {
      state[HIGH_COUNT] = count;
      state[HIGH_TOTAL] = total;
    }
    if (differs(state, state[LOG_DRIFT]!, twoSided)) {
      state[ALARMED] = 1;
      return 2;
    }
    return differs(state, state[LOG_WARNING]!, twoSided) ? 1 : 0;
  },
});

function hoeffding(count: number, log: number): number {
  return Math.sqrt(log / (2 * count));
}

/** Whether the whole's mean lies above the lowest part's, or below the highest part's, by more than chance. */
function differs(state: Float64Array, log: number, twoSided: boolean): boolean {
  const count = state[COUNT]!;
  const mean = state[TOTAL]! / count;
  const low = state[LOW_COUNT]!;
  if (low !== count && mean - state[LOW_TOTAL]! / low >= difference(low, count, log)) return true;
  const high = state[HIGH_COUNT]!;
  return twoSided && high !== count && state[HIGH_TOTAL]! / high - mean >= difference(high, count, log);
}

/** Bound on the difference between a part's mean and the whole's. */
function difference(part: number, whole: number, log: number): number {
  return Math.sqrt(((whole - part) / part / whole / 2) * log);
}

// Three weighted averages (all, after the low cut, after the high cut) with their conditions, and the cuts.
const ALL = 1;
const ALL_CONDITION = 2;
const LOW = 3;
const LOW_CONDITION = 4;
const LOW_CUT = 5;
const AFTER_LOW = 6;
const AFTER_LOW_CONDITION = 7;
const HIGH = 8;
const HIGH_CONDITION = 9;
const HIGH_CUT = 10;
const AFTER_HIGH = 11;
const AFTER_HIGH_CONDITION = 12;
const W_LOG_DRIFT = 13;
const W_LOG_WARNING = 14;

/** HDDM-W (Frías-Blanco et al. 2015) with the semantics of river: McDiarmid's bound on weighted averages; values lie in [0, 1]. */
export const hddmW = defineDetector<HddmWOptions, CheckedOptions & { readonly lambda: number }>({
  id: 'hddm-w',
  version: 1,
  check(options) {
    const { lambda = 0.05, ...rest } = options;
    if (!(lambda > 0 && lambda < 1)) throw invalidInput('lambda', 'a number between 0 and 1', lambda);
    return { ...check(rest), lambda };
  },
  begin({ drift, warning }) {
    const state = new Float64Array(15);
    forget(state);
    state[W_LOG_DRIFT] = Math.log(1 / drift);
    state[W_LOG_WARNING] = Math.log(1 / warning);
    return state;
  },
  step(state, { twoSided, lambda }, value) {
    if (state[ALARMED] === 1) forget(state);
    const logDrift = state[W_LOG_DRIFT]!;
    const logWarning = state[W_LOG_WARNING]!;
    average(state, ALL, lambda, value);
    const bound = mcDiarmid(state[ALL_CONDITION]!, logDrift);
    if (state[ALL]! + bound < state[LOW_CUT]!) {
      state[LOW_CUT] = state[ALL]! + bound;
      cutHere(state, LOW, AFTER_LOW);
    } else average(state, AFTER_LOW, lambda, value);
    if (state[ALL]! - bound > state[HIGH_CUT]!) {
      state[HIGH_CUT] = state[ALL]! - bound;
      cutHere(state, HIGH, AFTER_HIGH);
    } else average(state, AFTER_HIGH, lambda, value);
    const rise = state[AFTER_LOW]! - state[LOW]!;
    const fall = state[HIGH]! - state[AFTER_HIGH]!;
    const riseSpread = state[LOW_CONDITION]! + state[AFTER_LOW_CONDITION]!;
    const fallSpread = state[HIGH_CONDITION]! + state[AFTER_HIGH_CONDITION]!;
    // A part without values is NaN, and no comparison with it holds.
    if (rise > mcDiarmid(riseSpread, logDrift) || (twoSided && fall > mcDiarmid(fallSpread, logDrift))) {
      state[ALARMED] = 1;
      return 2;
    }
    return rise > mcDiarmid(riseSpread, logWarning) || (twoSided && fall > mcDiarmid(fallSpread, logWarning)) ? 1 : 0;
  },
});

/** Averages without a value are NaN, cuts are beyond everything. */
function forget(state: Float64Array): void {
  state.fill(Number.NaN, 0, W_LOG_DRIFT);
  state[ALARMED] = 0;
  state[LOW_CUT] = Number.POSITIVE_INFINITY;
  state[HIGH_CUT] = Number.NEGATIVE_INFINITY;
}

/** As river: an average of 0 counts as one that has not begun, so the first error after only hits weighs fully. */
function average(state: Float64Array, at: number, lambda: number, value: number): void {
  const before = state[at]!;
  const begun = !Number.isNaN(before) && before !== 0;
  state[at] = begun ? lambda * value + (1 - lambda) * before : value;
  state[at + 1] = lambda * lambda + (1 - lambda) * (1 - lambda) * (Number.isNaN(before) ? 1 : state[at + 1]!);
}

function cutHere(state: Float64Array, at: number, after: number): void {
  state[at] = state[ALL]!;
  state[at + 1] = state[ALL_CONDITION]!;
  state[after] = Number.NaN;
  state[after + 1] = Number.NaN;
}

function mcDiarmid(condition: number, log: number): number {
  return Math.sqrt((condition * log) / 2);
}
