export * from './adaptive.js';
export {
  type ConformalGuardOptions,
  type ConformalSetGuardOptions,
  classThresholds,
  conformalGuard,
  conformalInterval,
  conformalPValue,
  conformalSet,
  conformalSetGuard,
  conformalThreshold,
  sortedScores,
} from './conformal.js';
export * from './out-of-distribution.js';
export * from './range.js';
export * from './review.js';
export * from './risk.js';
export * from './types.js';
