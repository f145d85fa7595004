import { defined, invalidInput } from '@millwright/core';
import { normalQuantile } from '@millwright/core/statistics';
import { defineDetector } from './define.js';

/** How many of the latest values are compared with those before, and how sure a drift must be. */
export interface StepdOptions {
  /** How many of the latest values are compared with all before them. Default 30. */
  readonly window?: number | undefined;
  /** p-value of a drift, for each value anew: no run length is promised. Default 0.003. */
  readonly drift?: number | undefined;
  /** And of a warning. Default 0.05, or `drift` if that is larger. */
  readonly warning?: number | undefined;
  /**
   * `up` counts a rising error rate only. `both` is Frouros: either change, at the same one-sided p-value, and a
   * difference that is smaller than the correction for continuity counts by its size. Default `up`.
   */
  readonly direction?: 'up' | 'both' | undefined;
}

const DEFAULTS = { window: 30, drift: 0.003, warning: 0.05, direction: 'up' } as const satisfies StepdOptions;

type Checked = Readonly<Record<'window' | 'drift' | 'warning', number>> & { readonly direction: 'up' | 'both' };

const COUNT = 0;
const TOTAL = 1;
const RECENT = 2;
const Z_DRIFT = 3;
const Z_WARNING = 4;
const RING = 5;

/**
 * STEPD (Nishida and Yamauchi 2007): the error rate of the latest values against that of all before, by the test of two
 * proportions with correction for continuity. Values are errors (1) and hits (0).
 */
export const stepd = /* @__PURE__ */ defineDetector<StepdOptions, Checked>({
  id: 'stepd',
  version: 1,
  knob: { option: 'drift', from: 0.5, to: 1e-12 },
  check(options) {
    const set = { ...DEFAULTS, ...defined(options) };
    const checked = { ...set, warning: options.warning ?? Math.max(set.warning, set.drift) };
    const { window, drift, warning } = checked;
    if (!(Number.isInteger(window) && window >= 1)) throw invalidInput('window', 'an integer of 1 or more', window);
    if (!(drift > 0 && drift <= warning && warning < 1))
      throw invalidInput('drift', 'a p-value above 0, at most `warning`', drift);
    return checked;
  },
  begin({ window, drift, warning }) {
    const state = new Float64Array(RING + window);
    state[Z_DRIFT] = -normalQuantile(drift);
    state[Z_WARNING] = -normalQuantile(warning);
    return state;
  },
  step(state, { window, direction }, value) {
    const slot = RING + (state[COUNT]! % window);
    const recent = state[RECENT]! + value - state[slot]!;
    const count = state[COUNT]! + 1;
    const total = state[TOTAL]! + value;
    state[slot] = value;
    state[RECENT] = recent;
    state[COUNT] = count;
    state[TOTAL] = total;
    const older = count - window;
    if (older < window) return 0;
    const rate = total / count;
    const spread = 1 / older + 1 / window;
    const rise = recent / window - (total - recent) / older;
    const size = (direction === 'up' ? rise : Math.abs(rise)) - spread / 2;
    // Without any error, or with errors only, this is -∞: no alarm, but for Frouros.
    const z = size / Math.sqrt(rate * (1 - rate) * spread);
    const compared = direction === 'up' ? z : Math.abs(z);
    if (compared > state[Z_DRIFT]!) return 2;
    return compared > state[Z_WARNING]! ? 1 : 0;
  },
});
