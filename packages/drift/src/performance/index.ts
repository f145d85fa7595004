export * from '../learner/index.js';
export { type CbpeEstimator, type CbpeMetric, type CbpeOptions, cbpe } from './cbpe.js';
export {
  type ClassScores,
  cbpeMulticlass,
  type LabelledClassScores,
  type MulticlassCbpeEstimator,
  type MulticlassMetric,
} from './cbpe-multiclass.js';
export { type DleEstimator, type DleMetric, type DleOptions, dle, type PredictedRows, type TargetRows } from './dle.js';
export { type OutputDrift, outputDrift } from './outputs.js';
export {
  compareRealised,
  type DelayedRows,
  type RealisedFigure,
  type RealisedOptions,
  type RealisedSlice,
} from './realised.js';
export type * from './types.js';
