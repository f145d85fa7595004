export { checkFeeds, describeSpec } from './feeds.js';
export { type FunctionRuntimeOptions, functionRuntime, type TensorFunction } from './function.js';
export { checkGolden } from './golden.js';
export type * from './types.js';
