export type { Cells, PairedRightness } from './compare/cells.js';
export { type CompareOptions, type ComparisonOptions, compare } from './compare/compare.js';
export { type CompareCellsOptions, compareCells } from './compare/compare-cells.js';
export type { Predictions, Values } from './compare/inputs.js';
export type { Difference } from './compare/paired.js';
export type { GivenRows } from './compare/read.js';
export type * from './compare/report.js';
export { type FindSlicesOptions, type FoundSlice, findSlices, foundSlices } from './compare/slice-finder.js';
export { type SliceSource, timeSlice } from './compare/slices.js';
export {
  type Comparison,
  type ComparisonState,
  type StartComparisonOptions,
  startComparison,
} from './compare/stream.js';
export {
  type Baseline,
  type BlessedFigure,
  type BlessOptions,
  bless,
  formatBaseline,
  parseBaseline,
} from './findings/baseline.js';
export { type ContractReport, type ContractTestOptions, contractTest } from './findings/contract-test.js';
export type { Finding } from './findings/finding.js';
export {
  identify as identifyJudge,
  type Judge,
  type JudgedPair,
  type JudgeIdentity,
  type JudgePairsOptions,
  type JudgeQuestion,
  type JudgeReport,
  judgePairs,
  type PairOutcome,
  type Said,
} from './findings/judge.js';
export { type LatencyQuantile, type LoadReport, type LoadTestOptions, loadTest } from './findings/load-test.js';
export * from './findings/preference.js';
export * from './findings/robustness.js';
export { gate } from './gate/gate.js';
export type * from './gate/policy.js';
export { DEFAULT_POLICY } from './gate/policy.js';
export type * from './gate/verdict.js';
export { type CalibrationReport, calibration, type ReliabilityBin } from './metrics/calibration.js';
export { type Metric, type MetricInfo, metricFor, metricsOf, type Task } from './metrics/catalogue.js';
export * from './metrics/class-calibration.js';
export * from './metrics/class-scores.js';
export * from './metrics/confusion.js';
export * from './metrics/curves.js';
export * from './metrics/deviance.js';
export {
  calibrationByGroup,
  equalizedOdds,
  type FairnessFrame,
  type FairnessGroup,
  type FairnessRate,
  fairnessFrame,
  type GroupCalibration,
} from './metrics/fairness.js';
export type { Known, Measure, Unknown } from './metrics/measure.js';
export * from './metrics/multiclass.js';
export * from './metrics/multilabel.js';
export * from './metrics/ranking.js';
export * from './metrics/regression.js';
export { averagePrecision, brier, logLoss, partialRocAuc, rocAuc, type ScoredRows } from './metrics/scores.js';
export * from './metrics/selective.js';
export * from './metrics/text.js';
export { toMarkdown } from './report/markdown.js';
export { EVAL_RESULT_TYPE, type InTotoStatement, type StatementOptions, toStatement } from './report/statement.js';
