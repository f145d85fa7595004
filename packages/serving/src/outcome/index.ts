export { type FeedOptions, feedOutcomes, type OutcomeBatch, type OutcomeSource } from './feed.js';
export {
  createOutcomeJoin,
  type DeadLetterSink,
  type Disposition,
  type Exposure,
  type Outcome,
  type OutcomeCounts,
  type OutcomeJoin,
  type OutcomeJoinOptions,
  type OutcomeMetric,
} from './outcome-join.js';
export { type Outcomes, outcomeHub } from './outcomes.js';
