export {
  createOutcomeJoin,
  type Disposition,
  type Exposure,
  type Outcome,
  type OutcomeCounts,
  type OutcomeJoin,
  type OutcomeJoinOptions,
  type OutcomeMetric,
} from './outcome-join.js';
