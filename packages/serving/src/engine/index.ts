export { type BatchDecision, type Batcher, type BatcherOptions, batcher, bucketsUpTo, type Queued } from './batcher.js';
export { type CostModel, costModel } from './cost.js';
export { type EngineOptions, modelEngine } from './model-engine.js';
export { predictorEngine } from './predictor.js';
export type * from './types.js';
