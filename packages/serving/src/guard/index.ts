export * from './conformal.js';
export * from './out-of-distribution.js';
export * from './range.js';
export * from './types.js';
