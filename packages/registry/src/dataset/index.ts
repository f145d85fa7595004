export {
  type AddedDataset,
  type DatasetContent,
  type DatasetOptions,
  type Datasets,
  datasets,
  type TableFacts,
} from './datasets.js';
export { checkSplits, type Split, type SplitLeak, type SplitReport } from './splits.js';
export { type DatasetsState, datasetsProjection } from './state.js';
export { tableDigest } from './table-digest.js';
export type { DatasetLayer, DatasetSchema, DatasetValidation, DatasetVersion, SourceTimes } from './types.js';
