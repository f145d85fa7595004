import type { TableProfile } from '@millwright/core/profile';
import { compareProfiles, plansOf } from './assess.js';
import type { ColumnPlan } from './types.js';

/** How far above the usual effect a margin lies, and how low it may be. */
export interface CalibrateMarginsOptions {
  /** Plans to start from; margins there are the least. */
  readonly columns?: Readonly<Record<string, ColumnPlan>> | readonly string[] | undefined;
  /** Standard deviations above the usual effect. Default 3. */
  readonly deviations?: number | undefined;
  /** Least margin of a distribution. Default 0.1. */
  readonly margin?: number | undefined;
}

/**
 * Margins that ordinary windows stay below. Days differ from the month they belong to (weekdays, weather), and no
 * sampling error explains it: each column's margin is raised to the mean effect of the reference period's own windows
 * plus three standard deviations.
 *
 * @param windows profiles of the reference period's windows, counted against the reference; ten or more
 * @throws `profile/unmergeable`
 */
export function calibrateMargins(
  reference: TableProfile,
  windows: readonly TableProfile[],
  options: CalibrateMarginsOptions = {},
): Readonly<Record<string, ColumnPlan>> {
  const { deviations = 3, margin = 0.1 } = options;
  const plans = plansOf(reference, options.columns);
  const effects = new Map<string, number[]>();
  for (const window of windows) {
    const { checks } = compareProfiles(reference, window, { columns: Object.fromEntries(plans) });
    for (const { column, check, result } of checks)
      if (check === 'distribution' && result !== undefined && !Number.isNaN(result.effect))
        effects.set(column, [...(effects.get(column) ?? []), result.effect]);
  }
  const calibrated = new Map<string, ColumnPlan>();
  for (const [column, plan] of plans) {
    const usual = effects.get(column) ?? [];
    const mean = usual.reduce((sum, effect) => sum + effect, 0) / usual.length;
    const variance = usual.reduce((sum, effect) => sum + (effect - mean) ** 2, 0) / (usual.length - 1);
    const least = Math.max(
      plan.margins?.distribution ?? margin,
      usual.length > 1 ? mean + deviations * Math.sqrt(variance) : 0,
    );
    calibrated.set(column, { ...plan, margins: { ...plan.margins, distribution: least } });
  }
  return Object.fromEntries(calibrated);
}
