export { checkFeeds, describeSpec } from './feeds.js';
export { type FunctionRuntimeOptions, functionRuntime, type TensorFunction } from './function.js';
export type * from './types.js';
