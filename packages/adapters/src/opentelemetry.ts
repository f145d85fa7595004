export { FLAG, INFERENCE } from './opentelemetry/convention.js';
export {
  type FlagEventLogger,
  openTelemetry,
  type Telemetry,
  type TelemetryOptions,
  type TracedEndpoint,
} from './opentelemetry/telemetry.js';
