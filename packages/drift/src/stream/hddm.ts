import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';

/** How sure warnings and drifts must be, and which change counts. */
export interface HddmOptions {
  /** Confidence of a drift. Default 0.001. */
  readonly drift?: number | undefined;
  /** And of a warning. Default 0.005, or `drift` if that is larger. */
  readonly warning?: number | undefined;
  /** Whether a falling mean counts too. Default false. */
  readonly twoSided?: boolean | undefined;
  /** No alarm before so many values. Default 1. */
  readonly minValues?: number | undefined;
}

/** `HddmOptions`, and over how many sides the confidence is spread. */
export interface HddmAOptions extends HddmOptions {
  /** Over how many sides the confidence is spread: 2 as MOA and river have it even where one counts, 1 as Frouros. Default 2. */
  readonly sides?: 1 | 2 | undefined;
}

/** `HddmOptions`, and how fast the averages forget. */
export interface HddmWOptions extends HddmOptions {
  /** Weight of the newest value. Default 0.05. */
  readonly lambda?: number | undefined;
  /** Confidence of the cuts between which averages are compared. Default `drift`; Frouros takes `lambda` for it. */
  readonly cut?: number | undefined;
  /** What an average begins with: the first value, or 0 as Frouros has it. Default `first`. */
  readonly begin?: 'first' | 'zero' | undefined;
}

const DEFAULTS = { drift: 0.001, warning: 0.005, twoSided: false, minValues: 1 } as const satisfies HddmOptions;

interface CheckedOptions {
  readonly drift: number;
  readonly warning: number;
  readonly twoSided: boolean;
  readonly minValues: number;
}

function check(options: HddmOptions): CheckedOptions {
  const set = { ...DEFAULTS, ...defined(options) };
  const checked = { ...set, warning: options.warning ?? Math.max(set.warning, set.drift) };
  if (!(checked.drift > 0 && checked.drift <= checked.warning && checked.warning < 1))
    throw invalidInput('drift', 'a confidence above 0, at most `warning`', checked.drift);
  return checked;
}

const COUNT = 0;
const TOTAL = 1;
const LOW_COUNT = 2;
const LOW_TOTAL = 3;
const HIGH_COUNT = 4;
const HIGH_TOTAL = 5;
// Logarithms of the options, kept in the state because they are needed for every value.
const LOG_CUT = 6;
const LOG_DRIFT = 7;
const LOG_WARNING = 8;

/** HDDM-A (Frías-Blanco et al. 2015) with the semantics of river: Hoeffding's bound on averages; values lie in [0, 1]. */
export const hddmA = /* @__PURE__ */ defineDetector<HddmAOptions, CheckedOptions & { readonly sides: 1 | 2 }>({
  id: 'hddm-a',
  version: 2,
  knob: { option: 'drift', from: 0.5, to: 1e-15 },
  check({ sides = 2, ...rest }) {
    return { ...check(rest), sides };
  },
  begin: ({ drift, warning, sides }) =>
    Float64Array.of(0, 0, 0, 0, 0, 0, Math.log(1 / drift), Math.log(sides / drift), Math.log(sides / warning)),
  step(state, { twoSided, minValues }, value) {
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
    if (count < minValues) return 0;
    if (differs(state, state[LOG_DRIFT]!, twoSided)) return 2;
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
const ALL = 0;
const ALL_CONDITION = 1;
const LOW = 2;
const LOW_CONDITION = 3;
const LOW_CUT = 4;
const AFTER_LOW = 5;
const AFTER_LOW_CONDITION = 6;
const HIGH = 7;
const HIGH_CONDITION = 8;
const HIGH_CUT = 9;
const AFTER_HIGH = 10;
const AFTER_HIGH_CONDITION = 11;
const W_COUNT = 12;
const W_LOG_DRIFT = 13;
const W_LOG_WARNING = 14;
const W_LOG_CUT = 15;

type CheckedW = CheckedOptions & {
  readonly lambda: number;
  readonly cut: number;
  readonly begin: 'first' | 'zero';
};

/** HDDM-W (Frías-Blanco et al. 2015) with the semantics of river: McDiarmid's bound on weighted averages; values lie in [0, 1]. */
export const hddmW = /* @__PURE__ */ defineDetector<HddmWOptions, CheckedW>({
  id: 'hddm-w',
  version: 2,
  knob: { option: 'drift', from: 0.5, to: 1e-15 },
  check(options) {
    const { lambda = 0.05, cut, begin = 'first', ...rest } = options;
    if (!(lambda > 0 && lambda < 1)) throw invalidInput('lambda', 'a number between 0 and 1', lambda);
    const checked = check(rest);
    return { ...checked, lambda, cut: cut ?? checked.drift, begin };
  },
  begin({ drift, warning, cut }) {
    // Averages without a value are NaN, cuts are beyond everything.
    const state = new Float64Array(16).fill(Number.NaN);
    state[W_COUNT] = 0;
    state[LOW_CUT] = Number.POSITIVE_INFINITY;
    state[HIGH_CUT] = Number.NEGATIVE_INFINITY;
    state[W_LOG_DRIFT] = Math.log(1 / drift);
    state[W_LOG_WARNING] = Math.log(1 / warning);
    state[W_LOG_CUT] = Math.log(1 / cut);
    return state;
  },
  step(state, { twoSided, minValues, lambda, begin }, value) {
    const logDrift = state[W_LOG_DRIFT]!;
    const logWarning = state[W_LOG_WARNING]!;
    const zero = begin === 'zero';
    average(state, ALL, lambda, zero, value);
    const bound = mcDiarmid(state[ALL_CONDITION]!, state[W_LOG_CUT]!);
    if (state[ALL]! + bound < state[LOW_CUT]!) {
      state[LOW_CUT] = state[ALL]! + bound;
      cutHere(state, LOW, AFTER_LOW);
    } else average(state, AFTER_LOW, lambda, zero, value);
    if (state[ALL]! - bound > state[HIGH_CUT]!) {
      state[HIGH_CUT] = state[ALL]! - bound;
      cutHere(state, HIGH, AFTER_HIGH);
    } else average(state, AFTER_HIGH, lambda, zero, value);
    if (++state[W_COUNT]! < minValues) return 0;
    const rise = state[AFTER_LOW]! - state[LOW]!;
    const fall = state[HIGH]! - state[AFTER_HIGH]!;
    const riseSpread = state[LOW_CONDITION]! + state[AFTER_LOW_CONDITION]!;
    const fallSpread = state[HIGH_CONDITION]! + state[AFTER_HIGH_CONDITION]!;
    // A part without values is NaN, and no comparison with it holds.
    if (rise > mcDiarmid(riseSpread, logDrift) || (twoSided && fall > mcDiarmid(fallSpread, logDrift))) return 2;
    return rise > mcDiarmid(riseSpread, logWarning) || (twoSided && fall > mcDiarmid(fallSpread, logWarning)) ? 1 : 0;
  },
});

/** As river, unless averages begin with 0: one of 0 counts as not begun, so the first error after only hits weighs fully. */
function average(state: Float64Array, at: number, lambda: number, zero: boolean, value: number): void {
  const fresh = Number.isNaN(state[at]!);
  const before = fresh ? 0 : state[at]!;
  state[at] = zero || before !== 0 ? lambda * value + (1 - lambda) * before : value;
  state[at + 1] = lambda * lambda + (1 - lambda) * (1 - lambda) * (fresh ? 1 : state[at + 1]!);
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
