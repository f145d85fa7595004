export { importModelPack, type ModelPackImport } from './modelpack/import.js';
export { type ModelPack, type ReadModelPackOptions, readModelPack } from './modelpack/read.js';
export type { ModelPackConfig } from './modelpack/types.js';
export { type WriteModelPackOptions, writeModelPack } from './modelpack/write.js';
