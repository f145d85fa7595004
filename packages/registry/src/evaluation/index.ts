export {
  type Baseline,
  type BlessedFigure,
  type BlessOptions,
  bless,
  formatBaseline,
  parseBaseline,
} from './baseline.js';
export { type CalibrationReport, calibration, type ReliabilityBin } from './calibration.js';
export { type Metric, type MetricInfo, metricFor, metricsOf, type Task } from './catalogue.js';
export type { Cells, PairedRightness } from './cells.js';
export * from './class-calibration.js';
export * from './class-scores.js';
export { type CompareOptions, compare } from './compare.js';
export * from './confusion.js';
export { type ContractReport, type ContractTestOptions, contractTest } from './contract-test.js';
export * from './curves.js';
export * from './deviance.js';
export {
  equalizedOdds,
  type FairnessFrame,
  type FairnessGroup,
  type FairnessRate,
  fairnessFrame,
} from './fairness.js';
export type { Finding } from './finding.js';
export { gate } from './gate.js';
export type { Predictions, Values } from './inputs.js';
export {
  identify as identifyJudge,
  type Judge,
  type JudgedPair,
  type JudgeIdentity,
  type JudgeOptions,
  type JudgeQuestion,
  type JudgeReport,
  judgePairs,
  type PairOutcome,
  type Said,
} from './judge.js';
export { type LatencyQuantile, type LoadReport, type LoadTestOptions, loadTest } from './load-test.js';
export { toMarkdown } from './markdown.js';
export type { Known, Measure, Unknown } from './measure.js';
export * from './multiclass.js';
export * from './multilabel.js';
export type { Difference } from './paired.js';
export type * from './policy.js';
export { DEFAULT_POLICY } from './policy.js';
export * from './preference.js';
export * from './ranking.js';
export * from './regression.js';
export type * from './report.js';
export * from './robustness.js';
export { averagePrecision, brier, logLoss, partialRocAuc, rocAuc, type ScoredRows } from './scores.js';
export * from './selective.js';
export { type FindSlicesOptions, type FoundSlice, findSlices } from './slice-finder.js';
export type { SliceSource } from './slices.js';
export { EVAL_RESULT_TYPE, type InTotoStatement, type StatementOptions, toStatement } from './statement.js';
export * from './text.js';
export type * from './verdict.js';
