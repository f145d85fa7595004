import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';
import { accumulate } from './moments.js';

/** How often changes come, and how large they are, before anything is seen. */
export interface BocdOptions {
  /** Chance of a change at every value. Default 0.01. */
  readonly hazard?: number | undefined;
  /** Mean and deviation of single values are learnt from so many first values; 0 takes them as 0 and 1. Default 30. */
  readonly learn?: number | undefined;
  /** How far means lie apart before and after a change, in deviations of single values. Default 1. */
  readonly prior?: number | undefined;
  /** No alarm before so many values after those that are learnt from. Default 30. */
  readonly minValues?: number | undefined;
  /** Begins of the current run that are thought of at the same time; the least likely are dropped. Default 100. */
  readonly runs?: number | undefined;
}

const DEFAULTS = { hazard: 0.01, learn: 30, prior: 1, minValues: 30, runs: 100 } as const satisfies BocdOptions;

type Checked = Readonly<Record<keyof typeof DEFAULTS, number>>;

// The first three are the moments of what was learnt.
const COUNT = 0;
const MEAN = 1;
const SQUARES = 2;
const SEEN = 3;
const SIZE = 4;
/** Runs follow; the first began with the first value. */
const RUNS = 5;
const WEIGHT = 0;
const LENGTH = 1;
const CENTRE = 2;
const RUN = 3;
/** Runs less likely than this cannot come back in time to matter. */
const NEGLIGIBLE = 1e-9;
/** Deviations beyond which a value is no more unlikely; its square must not overflow. */
const FAR = 1e6;

/**
 * Bayesian online change point detection (Adams and MacKay 2007): normal values of known deviation, a normal prior of the
 * mean. The probabilities of when the current run began are kept for the likeliest beginnings only, so memory and time per
 * value are bounded. Alarms when a later beginning is as likely as the first value, as Frouros does. Promises no run length.
 */
export const bocd = /* @__PURE__ */ defineDetector<BocdOptions, Checked>({
  id: 'bocd',
  version: 1,
  knob: { option: 'hazard', from: 0.5, to: 1e-15 },
  check(options) {
    const checked = { ...DEFAULTS, ...defined(options) };
    const { hazard, learn, prior, runs } = checked;
    if (!(hazard > 0 && hazard < 1)) throw invalidInput('hazard', 'a chance between 0 and 1', hazard);
    if (!(Number.isInteger(learn) && learn >= 0 && learn !== 1))
      throw invalidInput('learn', '0, or an integer of 2 or more', learn);
    if (!(prior > 0)) throw invalidInput('prior', 'a number above 0', prior);
    if (!(Number.isInteger(runs) && runs >= 2)) throw invalidInput('runs', 'an integer of 2 or more', runs);
    return checked;
  },
  begin({ runs }) {
    const state = new Float64Array(RUNS + RUN * runs);
    state[SIZE] = 1;
    state[RUNS + WEIGHT] = 1;
    return state;
  },
  step(state, options, value) {
    const { hazard, learn, prior, minValues, runs } = options;
    if (state[COUNT]! < learn) {
      accumulate(state, COUNT, value);
      return 0;
    }
    const deviation = learn === 0 ? 1 : Math.sqrt(state[SQUARES]! / (learn - 1)) || 1;
    const scaled = Math.max(-FAR, Math.min(FAR, (value - state[MEAN]!) / deviation));
    const change = grow(state, scaled, prior, hazard);
    begin(state, change, runs);
    normalise(state);
    state[SEEN]!++;
    return state[SEEN]! >= minValues && laterIsLikelier(state) ? 2 : 0;
  },
});

/** Weighs every run by how well it predicted the value, then lets it learn from it. Returns the weight of a run that begins next. */
function grow(state: Float64Array, value: number, prior: number, hazard: number): number {
  const end = RUNS + RUN * state[SIZE]!;
  const looseness = 1 / (prior * prior);
  // The largest exponent is taken out, so that a value far from all runs does not make every weight 0.
  let largest = Number.NEGATIVE_INFINITY;
  for (let at = RUNS; at < end; at += RUN) {
    const gap = value - state[at + CENTRE]!;
    const exponent = (-0.5 * gap * gap) / (1 + 1 / (looseness + state[at + LENGTH]!));
    if (exponent > largest) largest = exponent;
  }
  let total = 0;
  for (let at = RUNS; at < end; at += RUN) {
    const precision = looseness + state[at + LENGTH]!;
    const variance = 1 + 1 / precision;
    const gap = value - state[at + CENTRE]!;
    const weight = (state[at + WEIGHT]! * Math.exp((-0.5 * gap * gap) / variance - largest)) / Math.sqrt(variance);
    total += weight;
    state[at + WEIGHT] = weight * (1 - hazard);
    state[at + LENGTH]!++;
    state[at + CENTRE]! += gap / (precision + 1);
  }
  return total * hazard;
}

/** Adds a run without values; where there is no room, in place of the least likely, the first apart. */
function begin(state: Float64Array, weight: number, runs: number): void {
  let at = RUNS + RUN * state[SIZE]!;
  if (state[SIZE]! < runs) state[SIZE]!++;
  else {
    at = RUNS + RUN;
    for (let other = at; other < RUNS + RUN * runs; other += RUN)
      if (state[other + WEIGHT]! < state[at + WEIGHT]!) at = other;
  }
  state[at + WEIGHT] = weight;
  state[at + LENGTH] = 0;
  state[at + CENTRE] = 0;
}

/** Makes the weights probabilities, and drops the negligible ones. */
function normalise(state: Float64Array): void {
  const end = RUNS + RUN * state[SIZE]!;
  let total = 0;
  for (let at = RUNS; at < end; at += RUN) total += state[at + WEIGHT]!;
  let to = RUNS;
  for (let at = RUNS; at < end; at += RUN) {
    const weight = state[at + WEIGHT]! / total;
    if (weight < NEGLIGIBLE && at !== RUNS) continue;
    state[to + WEIGHT] = weight;
    state[to + LENGTH] = state[at + LENGTH]!;
    state[to + CENTRE] = state[at + CENTRE]!;
    to += RUN;
  }
  state[SIZE] = (to - RUNS) / RUN;
}

function laterIsLikelier(state: Float64Array): boolean {
  const first = state[RUNS + WEIGHT]!;
  for (let at = RUNS + RUN; at < RUNS + RUN * state[SIZE]!; at += RUN) if (state[at + WEIGHT]! >= first) return true;
  return false;
}
