import { adwin } from './adwin.js';
import { ddm, eddm } from './ddm.js';
import { deviationSum } from './deviation-sum.js';
import { ecdd } from './ewma.js';
import { hddmA, hddmW } from './hddm.js';
import { rddm } from './rddm.js';
import { stepd } from './stepd.js';
import type { Detector } from './types.js';

/** Frouros' parameters of detectors that watch the rate of errors. */
interface Levels {
  readonly min_num_instances?: number;
  readonly warning_level?: number;
  readonly drift_level?: number;
}

/** And of those with p-values. */
interface Alphas {
  readonly min_num_instances?: number;
  readonly alpha_d?: number;
  readonly alpha_w?: number;
}

interface Sums {
  readonly min_num_instances?: number;
  readonly lambda?: number;
  readonly delta?: number;
  readonly alpha?: number;
}

/**
 * Frouros' detectors by Frouros' names, parameters and defaults (0.9), for streams where it is reset after each drift:
 * each alarms at the values at which Frouros alarms. Of streams whose windows have a negative total its ADWIN raises an
 * error; this one goes on.
 */
export const frouros = {
  ADWIN: (p: {
    readonly delta?: number;
    readonly clock?: number;
    readonly m?: number;
    readonly min_window_size?: number;
    readonly min_num_instances?: number;
  }) =>
    adwin.init({
      delta: p.delta,
      clock: p.clock,
      maxBuckets: p.m,
      minWindow: p.min_window_size,
      grace: p.min_num_instances,
      rules: 'frouros',
    }),
  CUSUM: ({ min_num_instances, lambda = 50, delta = 0.005 }: Sums) =>
    deviationSum.init({ minValues: min_num_instances, threshold: lambda, delta, floor: true }),
  PageHinkley: ({ min_num_instances, lambda = 50, delta = 0.005, alpha = 0.9999 }: Sums) =>
    deviationSum.init({ minValues: min_num_instances, threshold: lambda, delta, alpha }),
  GeometricMovingAverage: ({ min_num_instances, lambda = 1, alpha = 0.99 }: Sums) =>
    deviationSum.init({ minValues: min_num_instances, threshold: lambda, alpha, gain: 1 - alpha }),
  // Frouros judges from the first value that completes the warm-up, river from the one after it.
  DDM: ({ min_num_instances = 30, warning_level, drift_level }: Levels) =>
    ddm.init({ warmUp: min_num_instances - 1, warning: warning_level, drift: drift_level }),
  EDDM: ({
    min_num_misclassified_instances = 30,
    alpha,
    beta,
  }: {
    readonly min_num_misclassified_instances?: number;
    readonly alpha?: number;
    readonly beta?: number;
  }) => eddm.init({ warmUp: min_num_misclassified_instances - 1, alpha, beta, ddof: 0 }),
  ECDDWT: (p: {
    readonly min_num_instances?: number;
    readonly lambda_?: number;
    readonly average_run_length?: 100 | 400 | 1_000;
    readonly warning_level?: number;
  }) =>
    ecdd.init({
      minValues: p.min_num_instances,
      weight: p.lambda_,
      arl: p.average_run_length,
      warning: p.warning_level,
    }),
  HDDMA: ({ min_num_instances = 30, alpha_d, alpha_w }: Alphas) =>
    hddmA.init({ minValues: min_num_instances, drift: alpha_d, warning: alpha_w, sides: 1 }),
  HDDMW: ({
    min_num_instances = 30,
    alpha_d,
    alpha_w,
    lambda_: lambda = 0.05,
  }: Alphas & { readonly lambda_?: number }) =>
    hddmW.init({
      minValues: min_num_instances,
      drift: alpha_d,
      warning: alpha_w,
      lambda,
      cut: lambda,
      begin: 'zero',
    }),
  RDDM: ({
    min_num_instances = 129,
    warning_level,
    drift_level,
    ...p
  }: Levels & {
    readonly max_concept_size?: number;
    readonly min_concept_size?: number;
    readonly max_num_instances_warning?: number;
  }) =>
    rddm.init({
      warmUp: min_num_instances - 1,
      warning: warning_level,
      drift: drift_level,
      longest: p.max_concept_size,
      kept: p.min_concept_size,
      longestWarning: p.max_num_instances_warning,
      replay: false,
    }),
  STEPD: ({ min_num_instances, alpha_d, alpha_w }: Alphas) =>
    stepd.init({ window: min_num_instances, drift: alpha_d, warning: alpha_w, direction: 'both' }),
} as const satisfies Record<string, (p: never) => Detector>;
