/** Whether training and serving compute the same features. */
export { type FeatureSkew, featureSkew, type SkewOptions, type SkewReport } from '@millwright/core/validation/skew';
export {
  defineFeatures,
  type Feature,
  type FeatureSet,
  type FeatureSetOptions,
  type FeatureValue,
  feature,
  type InputType,
} from './define.js';
export {
  type AsOfOptions,
  type FeatureHistory,
  type FeatureRead,
  type FeatureRows,
  featureHistory,
} from './history.js';
