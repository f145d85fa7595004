export * from '../learner/index.js';
export { type DomainClassifierOptions, type DomainResult, domainClassifier } from './domain-classifier.js';
export {
  type EmbeddingCells,
  type EmbeddingCellsOptions,
  type EmbeddingCounts,
  embeddingCells,
  mergeEmbeddingCounts,
} from './embedding-cells.js';
export { energy, type MmdOptions, mmd, mmdLinear } from './mmd.js';
export type { PermutationOptions } from './pairwise.js';
export { type Reconstruction, type ReconstructionOptions, reconstruction } from './reconstruction.js';
export { type ContextColumn, compareStrata, type Stratum, withinContexts } from './strata.js';
export { type Vectors, vectorsOf } from './vectors.js';
