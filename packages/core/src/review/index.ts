export { type BusinessCalendar, type BusinessHours, businessCalendar } from './calendar.js';
export type { Acting } from './note.js';
export { type Command, type Oversight, type OversightOptions, openOversight, type ProposedAct } from './oversight.js';
export {
  type OversightCommand,
  type OversightMode,
  type OversightRule,
  type OversightState,
  type OversightsState,
  oversightProjection,
  type Proposal,
  type Ruling,
  rulingOn,
} from './oversight-state.js';
export { type OversightFigures, oversightFigures } from './oversight-statistics.js';
export { type ReviewsState, reviewProjection } from './projection.js';
export type { ClaimOptions, DecisionInput, ReviewQueue, ReviewQueueOptions, ReviewRequest } from './queue.js';
export { reviewQueue } from './queue.js';
export { type ReviewerFigures, type ReviewStatistics, reviewStatistics } from './statistics.js';
export type * from './types.js';
