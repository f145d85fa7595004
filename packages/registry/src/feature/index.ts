/** Whether training and serving compute the same features: `featureSkew` of core, under the name of what it proves here. */
export {
  type FeatureSkew as FeatureParity,
  featureSkew as featureParity,
  type SkewOptions as ParityOptions,
  type SkewReport as ParityReport,
} from '@millwright/core/validation/skew';
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
