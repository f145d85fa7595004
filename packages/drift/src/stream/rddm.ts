import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';
import { deviationOfRate } from './moments.js';

/** How far above its best the error rate may rise, and what is forgotten when. */
export interface RddmOptions {
  /** No alarm before so many values. Default 129. */
  readonly warmUp?: number | undefined;
  /** Standard deviations above the best error rate for a warning. Default 1.773, or `drift` if that is smaller. */
  readonly warning?: number | undefined;
  /** And for drift. Default 2.258. */
  readonly drift?: number | undefined;
  /** How many of the latest values are kept to learn the new rate from. Default 7,000. */
  readonly kept?: number | undefined;
  /** A concept that lasts longer is declared over unless there is a warning. Default 40,000. */
  readonly longest?: number | undefined;
  /** A warning that lasts so many values is a drift. Default 1,400. */
  readonly longestWarning?: number | undefined;
  /** Whether a drift learns the new rate from the values since the warning. Without, it begins anew. Default true. */
  readonly replay?: boolean | undefined;
}

const DEFAULTS = {
  warmUp: 129,
  warning: 1.773,
  drift: 2.258,
  kept: 7_000,
  longest: 40_000,
  longestWarning: 1_400,
  replay: true,
} as const satisfies RddmOptions;

type Checked = Readonly<Record<Exclude<keyof typeof DEFAULTS, 'replay'>, number>> & { readonly replay: boolean };

const COUNT = 0;
const RATE = 1;
const BEST_RATE = 2;
const BEST_DEVIATION = 3;
const BEST_SUM = 4;
// A ring of the latest values.
const FIRST = 5;
const LAST = 6;
const STORED = 7;
/** Values since the warning began, and where in the ring it began; -1 where there is none. */
const WARNED = 8;
const WARNED_AT = 9;
/** Whether the drift was seen; otherwise the concept has only grown too long. */
const CHANGED = 10;
const RING = 11;
/** Values are bits, so a double of the ring holds so many. */
const BITS = 32;

/**
 * RDDM (Barros et al. 2017) with the semantics of river and MOA: DDM that forgets. Values are errors (1) and hits (0).
 * After a drift its error rate is that of the values since the warning, and no concept is older than 40,000 values.
 */
export const rddm = /* @__PURE__ */ defineDetector<RddmOptions, Checked>({
  id: 'rddm',
  version: 1,
  knob: { option: 'drift', from: 0.1, to: 100 },
  check(options) {
    const set = { ...DEFAULTS, ...defined(options) };
    const checked = { ...set, warning: options.warning ?? Math.min(set.warning, set.drift) };
    if (!(checked.drift >= checked.warning))
      throw invalidInput('drift', 'a number of `warning` or more', checked.drift);
    for (const name of ['kept', 'longest', 'longestWarning'] as const)
      if (!(Number.isInteger(checked[name]) && checked[name] >= 1))
        throw invalidInput(name, 'an integer of 1 or more', checked[name]);
    return checked;
  },
  begin({ kept }) {
    const state = new Float64Array(RING + Math.ceil(kept / BITS));
    empty(state);
    return state;
  },
  step(state, options, value) {
    if (value !== 0 && value !== 1) throw invalidInput('value', '1 (an error) or 0', value);
    store(state, options.kept, value);
    const count = state[COUNT]! + 1;
    const rate = state[RATE]! + (value - state[RATE]!) / count;
    state[COUNT] = count;
    state[RATE] = rate;
    if (count <= options.warmUp) return 0;
    const deviation = deviationOfRate(rate, count);
    rememberBest(state, rate, deviation);
    const sum = rate + deviation;
    if (sum > state[BEST_RATE]! + options.drift * state[BEST_DEVIATION]!) {
      if (state[WARNED_AT] === -1) keepLast(state);
      state[CHANGED] = 1;
      return 2;
    }
    if (sum > state[BEST_RATE]! + options.warning * state[BEST_DEVIATION]!) {
      state[WARNED]!++;
      if (state[WARNED] === 0) state[WARNED_AT] = state[LAST]!;
      if (state[WARNED]! < options.longestWarning) return 1;
      keepLast(state);
      state[WARNED_AT] = -1;
      state[CHANGED] = 1;
      return 2;
    }
    state[WARNED] = -1;
    state[WARNED_AT] = -1;
    return count > options.longest ? 2 : 0;
  },
  restart(state, options) {
    if (options.replay) replay(state, options);
    else empty(state);
  },
});

function empty(state: Float64Array): void {
  state.fill(0);
  forgetBest(state);
  state[LAST] = -1;
  state[WARNED] = -1;
  state[WARNED_AT] = -1;
}

function forgetBest(state: Float64Array): void {
  state.fill(Number.POSITIVE_INFINITY, BEST_RATE, BEST_SUM + 1);
}

function rememberBest(state: Float64Array, rate: number, deviation: number): void {
  if (rate + deviation >= state[BEST_SUM]!) return;
  state[BEST_RATE] = rate;
  state[BEST_DEVIATION] = deviation;
  state[BEST_SUM] = rate + deviation;
}

/** Puts the value into the ring, over the oldest where it is full. */
function store(state: Float64Array, kept: number, value: number): void {
  const last = (state[LAST]! + 1) % kept;
  const word = RING + Math.floor(last / BITS);
  const bit = 1 << (last % BITS);
  state[word] = (value === 1 ? state[word]! | bit : state[word]! & ~bit) >>> 0;
  state[LAST] = last;
  if (state[STORED]! < kept) {
    state[STORED]!++;
    return;
  }
  state[FIRST] = (state[FIRST]! + 1) % kept;
  // The value at which the warning began is gone.
  if (state[WARNED_AT] === last) state[WARNED_AT] = -1;
}

function keepLast(state: Float64Array): void {
  state[FIRST] = state[LAST]!;
  state[STORED] = 1;
}

/** Learns the rate, and after a change the best rate, from the ring; as MOA from a first count of 1 and a rate of 1. */
function replay(state: Float64Array, { kept, warmUp }: Checked): void {
  const change = state[CHANGED] === 1;
  if (change) forgetBest(state);
  if (state[WARNED_AT] !== -1) {
    const stored = state[LAST]! - state[WARNED_AT]! + 1;
    state[FIRST] = state[WARNED_AT]!;
    state[STORED] = stored <= 0 ? stored + kept : stored;
  }
  let count = 1;
  let rate = 1;
  let at = state[FIRST]!;
  for (let i = 0; i < state[STORED]!; i++) {
    const value = (state[RING + Math.floor(at / BITS)]! >>> (at % BITS)) & 1;
    rate += (value - rate) / count;
    if (change && count > warmUp) rememberBest(state, rate, deviationOfRate(rate, count));
    count++;
    at = (at + 1) % kept;
  }
  state[COUNT] = count;
  state[RATE] = rate;
  state[WARNED] = -1;
  state[WARNED_AT] = -1;
  state[CHANGED] = 0;
}
