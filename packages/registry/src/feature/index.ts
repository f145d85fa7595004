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
export { type FeatureParity, featureParity, type ParityOptions, type ParityReport } from './parity.js';
