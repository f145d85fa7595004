import { defined, invalidInput } from '@millwright/core';
import { defineDetector } from './define.js';

export interface CusumOptions {
  /** Mean and deviation are learnt from so many first values, then kept. Default 30: short, so its run length varies. */
  readonly learn?: number | undefined;
  /** Deviations from the mean that are tolerated, in standard deviations. Default 0.5. */
  readonly slack?: number | undefined;
  /** Alarm height in standard deviations. Default 5. */
  readonly threshold?: number | undefined;
}

const DEFAULTS = { learn: 30, slack: 0.5, threshold: 5 } as const satisfies CusumOptions;

type CheckedOptions = Readonly<Record<keyof typeof DEFAULTS, number>>;

const ALARMED = 0;
const COUNT = 1;
const MEAN = 2;
const M2 = 3;
const UP = 4;
const DOWN = 5;

/** Two-sided CUSUM (Page 1954) with the semantics of river: mean and deviation are frozen after the first values. */
export const cusum = defineDetector<CusumOptions, CheckedOptions>({
  id: 'cusum',
  version: 1,
  check(options) {
    const checked = { ...DEFAULTS, ...defined(options) };
    if (!(Number.isInteger(checked.learn) && checked.learn >= 2))
      throw invalidInput('learn', 'an integer of 2 or more', checked.learn);
    return checked;
  },
  begin: () => new Float64Array(6),
  step(state, { learn, slack, threshold }, value) {
    if (state[ALARMED] === 1) state.fill(0);
    if (state[COUNT]! < learn) {
      const count = state[COUNT]! + 1;
      const gap = value - state[MEAN]!;
      state[COUNT] = count;
      state[MEAN]! += gap / count;
      state[M2]! += gap * (value - state[MEAN]!);
      // The last value that is learnt from is also the first that is judged.
      if (count < learn) return 0;
    }
    const deviation = Math.sqrt(state[M2]! / (learn - 1));
    const gap = value - state[MEAN]!;
    state[UP] = Math.max(0, state[UP]! + gap - slack * deviation);
    state[DOWN] = Math.max(0, state[DOWN]! - gap - slack * deviation);
    if (state[UP]! <= threshold * deviation && state[DOWN]! <= threshold * deviation) return 0;
    state[ALARMED] = 1;
    return 2;
  },
});
