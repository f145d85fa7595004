import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';
import { accumulate, exceeds } from './moments.js';
import type { Direction } from './types.js';

/** From how many values the chart learns, and how far out a single one may lie. */
export interface ShewhartOptions {
  /** Mean and deviation are learnt from so many first values, then kept. Default 30: short, so its run length varies. */
  readonly learn?: number | undefined;
  /** Alarm height in standard deviations. Default 3. */
  readonly threshold?: number | undefined;
  /** Default `both`. */
  readonly direction?: Direction | undefined;
}

/** From how many values the chart learns, and what sum of deviations is an alarm. */
export interface CusumOptions {
  /** Mean and deviation are learnt from so many first values, then kept. Default 30: short, so its run length varies. */
  readonly learn?: number | undefined;
  /** Deviations from the mean that are tolerated, in standard deviations. Default 0.5. */
  readonly slack?: number | undefined;
  /** Alarm height in standard deviations. Default 5. */
  readonly threshold?: number | undefined;
  /** Default `both`. */
  readonly direction?: Direction | undefined;
}

const CUSUM = { learn: 30, slack: 0.5, threshold: 5, direction: 'both' } as const satisfies CusumOptions;
const SHEWHART = { learn: 30, threshold: 3, direction: 'both' } as const satisfies ShewhartOptions;

interface Checked {
  readonly learn: number;
  readonly threshold: number;
  readonly direction: Direction;
}

// The first three are the moments of what was learnt.
const COUNT = 0;
const MEAN = 1;
const SQUARES = 2;
const UP = 3;
const DOWN = 4;

/** Two-sided CUSUM (Page 1954) with the semantics of river: mean and deviation are frozen after the first values. */
export const cusum = /* @__PURE__ */ defineDetector<CusumOptions, Checked & { readonly slack: number }>({
  id: 'cusum',
  version: 2,
  knob: { option: 'threshold', from: 0.5, to: 1e4 },
  check: (options) => check({ ...CUSUM, ...defined(options) }),
  begin: () => new Float64Array(5),
  step(state, { learn, slack, threshold, direction }, value) {
    if (learning(state, learn, value)) return 0;
    const deviation = Math.sqrt(state[SQUARES]! / (learn - 1));
    const gap = value - state[MEAN]!;
    const up = Math.max(0, state[UP]! + gap - slack * deviation);
    const down = Math.max(0, state[DOWN]! - gap - slack * deviation);
    state[UP] = up;
    state[DOWN] = down;
    return exceeds(up, down, threshold * deviation, direction) ? 2 : 0;
  },
});

/** Shewhart's chart of single values (1931) with the semantics of river: it remembers nothing, so one outlier is an alarm. */
export const shewhart = /* @__PURE__ */ defineDetector<ShewhartOptions, Checked>({
  id: 'shewhart',
  version: 1,
  knob: { option: 'threshold', from: 0.5, to: 1e4 },
  check: (options) => check({ ...SHEWHART, ...defined(options) }),
  begin: () => new Float64Array(3),
  step(state, { learn, threshold, direction }, value) {
    if (learning(state, learn, value)) return 0;
    const gap = value - state[MEAN]!;
    return exceeds(gap, -gap, threshold * Math.sqrt(state[SQUARES]! / (learn - 1)), direction) ? 2 : 0;
  },
});

/** Whether the value only adds to the baseline. The last value that is learnt from is also the first that is judged. */
function learning(state: Float64Array, learn: number, value: number): boolean {
  if (state[COUNT] === learn) return false;
  accumulate(state, COUNT, value);
  return state[COUNT]! < learn;
}

function check<T extends Checked>(checked: T): T {
  if (!(Number.isInteger(checked.learn) && checked.learn >= 2))
    throw invalidInput('learn', 'an integer of 2 or more', checked.learn);
  if (!(checked.threshold > 0)) throw invalidInput('threshold', 'a number above 0', checked.threshold);
  return checked;
}
