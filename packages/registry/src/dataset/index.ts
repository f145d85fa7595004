export {
  type AssetCost,
  type AssetCosts,
  assetCosts,
  type CostEntry,
  type CostOptions,
  type CostParts,
  costsProjection,
} from './costs.js';
export {
  type AddedDataset,
  type DatasetContent,
  type DatasetOptions,
  type Datasets,
  datasets,
  type TableFacts,
} from './datasets.js';
export {
  type DatasetSplits,
  datasetSplits,
  type RecordedSplit,
  type SplitPart,
  splitsProjection,
} from './recorded-splits.js';
export { type DatasetRetention, type DueDataset, datasetRetention } from './retention.js';
export type { DatasetRule, StoredDatasetRule } from './retention-rule.js';
export { type DatasetDeletion, type DatasetRetentionState, datasetRetentionProjection } from './retention-state.js';
export { checkSplits, type Split, type SplitLeak, type SplitReport } from './splits.js';
export { type DatasetsState, datasetsProjection } from './state.js';
export { tableDigest } from './table-digest.js';
export type {
  DatasetLayer,
  DatasetSchema,
  DatasetTools,
  DatasetValidation,
  DatasetVersion,
  SourceTimes,
} from './types.js';
