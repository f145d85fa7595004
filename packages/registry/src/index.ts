export type * from './dataset/index.js';
export { checkSplits, datasetsProjection, tableDigest } from './dataset/index.js';
export type { CommandOptions, Note } from './doors.js';
export type * from './model/index.js';
export { judgeMove, modelsProjection } from './model/index.js';
export type { NodeLike, ReferenceLike } from './reference.js';
export { openRegistry, type Registry, type RegistryOptions } from './registry.js';
export type * from './run/index.js';
export { runsProjection } from './run/index.js';
