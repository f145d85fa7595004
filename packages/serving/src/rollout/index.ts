export type { RolloutHubEvents } from './announce.js';
export type { ChangeDetector, DetectorMaker, MetricTotal } from './bake.js';
export { type ActingFor, type RolloutCommands, rolloutCommands } from './commands.js';
export { defineRollout, type RolloutDefinition, type RolloutMetric, type RolloutStage } from './definition.js';
export type { PauseReason, RollbackCause, RolloutEventData, RolloutEventType } from './events.js';
export type { Because, Formula, MetricEvidence, RolloutEvidence, RolloutVerdict, Situation } from './evidence.js';
export { memoryExchange, type ObservationExchange, type PublishedSums } from './exchange.js';
export { forecastRollout, type MetricForecast, type RolloutForecast, type Traffic } from './forecast.js';
export { type EvidencePoint, historyOf, type RolloutHistory } from './history.js';
export { type JudgeOptions, judge } from './judge.js';
export type { WakeUp } from './looks.js';
export { type Arm, createObservations, type Observations } from './observations.js';
export { createObserver, type ObserverOptions, type RolloutObserver, type ServedDecision } from './observe.js';
export { type Plan, type PlanContext, planRollout } from './plan.js';
export { activeRollout, lastRollout, type Rollouts, rolloutProjection } from './projection.js';
export type { RolloutEndpoint } from './replica.js';
export { type JudgedRollout, type RollbackReport, rollbackReport } from './report.js';
export { createShadowComparison, type ShadowComparison, type ShadowOptions, type ShadowReport } from './shadow.js';
export type { ShadowOverhead } from './shadow-overhead.js';
export {
  type Draw,
  type SimulatedTraffic,
  type SimulateOptions,
  type SimulationReport,
  simulate,
} from './simulate.js';
export type { AlphaSpec, MetricSpec, RolloutSpec, StageSpec } from './spec.js';
export {
  type Rollout,
  type StartRolloutOptions,
  startRollout,
} from './start-rollout.js';
export { isFinal, type RolloutState, type RolloutStatus, reduceRollout, statisticsOf } from './state.js';
export {
  type EpochPlan,
  type EpochStatistics,
  type MetricReference,
  type MetricSums,
  mergeStatistics,
  type References,
  type RolloutStatistics,
  referencesOf,
} from './statistics.js';
export { type DurationText, parseDuration, parseShare, type ShareText } from './units.js';
