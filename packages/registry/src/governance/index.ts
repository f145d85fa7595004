export {
  type Distribution,
  type FactoryMetrics,
  type FactoryMetricsOptions,
  factoryMetrics,
} from './factory-metrics.js';
export { type ModelCardOptions, modelCard } from './model-card.js';
export { sentenceOf, type TimelineEntry, type TimelineOptions, timeline } from './timeline.js';
