export * from './monitor/index.js';
export { distribution, ks } from './test/index.js';
export type * from './test/types.js';
export * from './trigger/index.js';
