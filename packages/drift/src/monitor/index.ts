export { type AssessOptions, compareProfiles } from './assess.js';
export { type CalibrateOptions, calibrateMargins } from './calibrate.js';
export {
  createErrorRateMonitor,
  type ErrorRateAlarm,
  type ErrorRateMonitor,
  type ErrorRateMonitorOptions,
} from './error-rate.js';
export { createMonitor, type Monitor, type MonitorEvents, type MonitorOptions } from './monitor.js';
export type * from './types.js';
export type { WindowSpec } from './windows.js';
