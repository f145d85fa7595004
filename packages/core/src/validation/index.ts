export { type Distance, expect, type LengthOptions, type Range, type RuleOptions } from './expect.js';
export type { ValidationContext } from './plan.js';
export { readReport } from './report.js';
export type { SampleOptions } from './sampler.js';
export { type FeatureSkew, featureSkew, type Missing, type SkewOptions, type SkewReport } from './skew.js';
export { type SuggestOptions, suggestExpectations } from './suggest.js';
export type * from './types.js';
export { createValidator, type Validator, validate } from './validate.js';
