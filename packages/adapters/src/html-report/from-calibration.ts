import { wilsonInterval } from '@millwright/core/statistics';
import type { CalibrationReport, ReliabilityBin } from '@millwright/registry/evaluation';
import { formatNumber } from './format.js';
import type { CalibrationCurve, CalibrationSection } from './model.js';

/** How a calibration is headed in the report. */
export interface CalibrationSectionOptions {
  /** What was calibrated: `flight-delay`. */
  readonly title?: string | undefined;
}

/**
 * The section of reliability tables, by the names of the models, the one that matters first: how far what they say is from
 * what happens, with 95 % intervals by Wilson.
 *
 * @example
 * renderReport({ title: 'Release 4', calibrations: [calibrationOf({ 'delay@4': calibration(rows) })] });
 */
export function calibrationOf(
  reports: Readonly<Record<string, CalibrationReport>>,
  { title }: CalibrationSectionOptions = {},
): CalibrationSection {
  const all = Object.entries(reports);
  const off = all.map(([name, { ece }]) =>
    ece.value === undefined
      ? `${name}: ${ece.undefinedWhy}`
      : `${name} is off by ${formatNumber(100 * ece.value)} percentage points`,
  );
  return {
    title,
    sentence: off.length === 0 ? 'Nothing was calibrated.' : `On average over all rows, ${off.join('; ')}.`,
    curves: all.map(([label, { bins }]): CalibrationCurve => ({ label, bins: bins.flatMap(binOf) })),
  };
}

function binOf({ count, meanScore, positiveShare }: ReliabilityBin): CalibrationCurve['bins'] {
  if (meanScore === undefined || positiveShare === undefined) return [];
  const { lower, upper } = wilsonInterval({ count: Math.round(positiveShare * count), n: count });
  return [{ said: meanScore, share: { value: positiveShare, low: lower, high: upper }, rows: count }];
}
