export type { ValidationContext } from './context.js';
export { type Distance, expect, type LengthOptions, type Range, type RuleOptions } from './expect.js';
export { readReport } from './report.js';
export type { SampleOptions } from './sampler.js';
export type * from './types.js';
export { createValidator, type Validator, type ValidatorPart, validate } from './validate.js';
