export type * from './dataset/index.js';
export { datasetsProjection } from './dataset/state.js';
export type { CommandOptions, Note } from './doors.js';
export type * from './model/index.js';
export { judgeMove, modelsProjection } from './model/index.js';
export type { NodeLike, ReferenceLike } from './reference.js';
export { openRegistry, type Registry, type RegistryOptions } from './registry.js';
export type * from './run/index.js';
export { reproduction, runsProjection } from './run/index.js';
