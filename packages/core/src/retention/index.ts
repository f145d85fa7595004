export { applyRetention, type RetentionOptions, type RetentionReport } from './apply.js';
export { type Retention, retentionProjection } from './projection.js';
export { type RetentionRule, retentionSet } from './rule.js';
