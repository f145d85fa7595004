export { type CostMeter, type CostTotal, costMeter } from './cost-meter.js';
export { type LatencyHistogram, type LatencySummary, latencyHistogram } from './histogram.js';
export {
  type Exemplar,
  type HistogramBucket,
  type HistogramFamily,
  type HistogramSample,
  type Labels,
  latencyBucket,
  latencySample,
  type MetricFamily,
  type NumberFamily,
  type NumberSample,
} from './metric.js';
export { type StageSummary, type StageTimer, type StageTimerOptions, stageTimer } from './stages.js';
