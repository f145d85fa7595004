import { adwin } from './adwin.js';
import { cusum, shewhart } from './control-chart.js';
import { ddm, eddm } from './ddm.js';
import { ewma } from './ewma.js';
import { hddmA, hddmW } from './hddm.js';
import { kswin } from './kswin.js';
import { pageHinkley } from './page-hinkley.js';
import { rddm } from './rddm.js';
import type { Detector, Direction } from './types.js';

/** HDDM's parameters, as river names them. */
interface RiverHddm {
  readonly drift_confidence?: number;
  readonly warning_confidence?: number;
  readonly two_sided_test?: boolean;
}

/**
 * River's detectors by river's names, parameters and defaults (version of 2026): each alarms at the values at which river
 * alarms. KSWIN draws with a generator of its own, so its alarms are those of another seed.
 */
export const river = {
  ADWIN: (p: {
    readonly delta?: number;
    readonly clock?: number;
    readonly max_buckets?: number;
    readonly min_window_length?: number;
    readonly grace_period?: number;
  }) =>
    adwin.init({
      delta: p.delta,
      clock: p.clock,
      maxBuckets: p.max_buckets,
      minWindow: p.min_window_length,
      grace: p.grace_period,
    }),
  PageHinkley: (p: {
    readonly min_instances?: number;
    readonly delta?: number;
    readonly threshold?: number;
    readonly alpha?: number;
    readonly mode?: Direction;
  }) =>
    pageHinkley.init({
      minValues: p.min_instances,
      delta: p.delta,
      threshold: p.threshold,
      alpha: p.alpha,
      direction: p.mode,
    }),
  CUSUM: (p: {
    readonly min_instances?: number;
    readonly slack?: number;
    readonly threshold?: number;
    readonly mode?: Direction;
  }) => cusum.init({ learn: p.min_instances, slack: p.slack, threshold: p.threshold, direction: p.mode }),
  Shewhart: (p: { readonly k?: number; readonly min_instances?: number; readonly mode?: Direction }) =>
    shewhart.init({ threshold: p.k, learn: p.min_instances, direction: p.mode }),
  EWMA: (p: {
    readonly alpha?: number;
    readonly threshold?: number;
    readonly min_instances?: number;
    readonly mode?: Direction;
  }) => ewma.init({ weight: p.alpha, threshold: p.threshold, minValues: p.min_instances, direction: p.mode }),
  KSWIN: (p: {
    readonly alpha?: number;
    readonly window_size?: number;
    readonly stat_size?: number;
    readonly seed?: number;
  }) => kswin.init({ alpha: p.alpha, window: p.window_size, recent: p.stat_size, seed: p.seed }),
  DDM: (p: { readonly warm_start?: number; readonly warning_threshold?: number; readonly drift_threshold?: number }) =>
    ddm.init({ warmUp: p.warm_start, warning: p.warning_threshold, drift: p.drift_threshold }),
  EDDM: (p: { readonly warm_start?: number; readonly alpha?: number; readonly beta?: number }) =>
    eddm.init({ warmUp: p.warm_start, alpha: p.alpha, beta: p.beta }),
  RDDM: (p: {
    readonly warm_start?: number;
    readonly warning_threshold?: number;
    readonly drift_threshold?: number;
    readonly buffer_size?: number;
    readonly max_concept_size?: number;
    readonly warning_limit?: number;
  }) =>
    rddm.init({
      warmUp: p.warm_start,
      warning: p.warning_threshold,
      drift: p.drift_threshold,
      kept: p.buffer_size,
      longest: p.max_concept_size,
      longestWarning: p.warning_limit,
    }),
  HDDM_A: (p: RiverHddm) =>
    hddmA.init({ drift: p.drift_confidence, warning: p.warning_confidence, twoSided: p.two_sided_test }),
  HDDM_W: (p: RiverHddm & { readonly lambda_val?: number }) =>
    hddmW.init({
      drift: p.drift_confidence,
      warning: p.warning_confidence,
      twoSided: p.two_sided_test,
      lambda: p.lambda_val,
    }),
} as const satisfies Record<string, (p: never) => Detector>;
