export { type AssessOptions, compareProfiles } from './assess.js';
export { type CalibrateMarginsOptions, calibrateMargins } from './calibrate.js';
export {
  createErrorRateMonitor,
  type ErrorRateAlarm,
  type ErrorRateMonitor,
  type ErrorRateMonitorOptions,
} from './error-rate.js';
export { type FleetVerdict, fleetVerdict, type ReplicaEvidence } from './fleet.js';
export {
  createIndicatorMonitor,
  type IndicatorAlarm,
  type IndicatorMonitor,
  type IndicatorMonitorOptions,
} from './indicator.js';
export { createMonitor, type Monitor, type MonitorEvents, type MonitorOptions } from './monitor.js';
export {
  hourOfDay,
  hourOfWeek,
  type SeasonalReferenceOptions,
  type Seasons,
  seasonalReference,
  weekday,
} from './seasons.js';
export { segmentedReference } from './segments.js';
export { createSkewMonitor, type SkewMonitor, type SkewMonitorOptions, type SkewRecord } from './skew.js';
export type * from './types.js';
export {
  logWindows,
  WINDOW_STREAM,
  type WindowHistoryOptions,
  type WindowLog,
  type WindowLogOptions,
  type WindowStore,
  windowHistory,
} from './window-log.js';
export type { WindowSpec } from './windows.js';
