export { type CircuitBreaker, type CircuitBreakerOptions, circuitBreaker } from './circuit-breaker.js';
export { defaultCodec } from './codec.js';
export { type DecisionLog, type DecisionLogOptions, logDecisions } from './decision-log.js';
export { type DegradeLadder, type DegradeOptions, degradeLadder, type Rung } from './degrade.js';
export { createEndpoint } from './endpoint.js';
export { type PreflightCheck, type PreflightOptions, type PreflightReport, preflight } from './preflight.js';
export {
  type CacheStats,
  type Found,
  type ResponseCache,
  type ResponseCacheOptions,
  responseCache,
  type Taken,
} from './response-cache.js';
export type * from './types.js';
