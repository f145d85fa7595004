export { type Distance, expect, type LengthOptions, type Range, type RuleOptions } from './expect.js';
export type { ValidationContext } from './plan.js';
export { readReport } from './report.js';
export type { SampleOptions } from './sampler.js';
export type * from './types.js';
export { createValidator, type Validator, type ValidatorPart, validate } from './validate.js';
