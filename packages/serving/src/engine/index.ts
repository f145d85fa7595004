export {
  type Batch,
  type BatchDecision,
  type Batcher,
  type BatcherOptions,
  batcher,
  bucketsUpTo,
  type Shape,
} from './batcher.js';
export { type CostModel, costModel } from './cost.js';
export type { Share } from './fair-share.js';
export type { Queued } from './lane.js';
export { type EngineOptions, modelEngine } from './model-engine.js';
export { predictorEngine } from './predictor.js';
export { paddedLength } from './shape.js';
export { tensorCodec } from './tensor-codec.js';
export type * from './types.js';
