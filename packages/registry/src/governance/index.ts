export { type Catalogue, type DeployedSystem, deployedSystems } from './catalogue.js';
export { type BomOptions, machineLearningBom } from './cyclonedx.js';
export { type EventLogOptions, eventLog } from './event-log.js';
export {
  type Distribution,
  type FactoryMetrics,
  type FactoryMetricsOptions,
  factoryMetrics,
} from './factory-metrics.js';
export { type ModelCardOptions, modelCard, modelCardHtml } from './model-card.js';
export { type TechnicalField, type TechnicalFile, type TechnicalFileOptions, technicalFile } from './technical-file.js';
export { sentenceOf, type TimelineEntry, type TimelineOptions, timeline } from './timeline.js';
