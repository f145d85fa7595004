export { type CostMeter, type CostTotal, costMeter } from './cost-meter.js';
export { bucketEndMs, type LatencyHistogram, type LatencySummary, latencyHistogram } from './histogram.js';
export { type StageSummary, type StageTimer, type StageTimerOptions, stageTimer } from './stages.js';
