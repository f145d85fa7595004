export { type Reproduction, reproduction } from './reproduction.js';
export { type Run, type RunEnd, type RunFacts, type RunFilter, type Runs, runs } from './runs.js';
export { type RunsState, runsProjection } from './state.js';
export type { MetricPoint, RunArtifact, RunComparison, RunRecord, RunStatus } from './types.js';
