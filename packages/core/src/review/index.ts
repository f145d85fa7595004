export { type BusinessCalendar, type BusinessHours, businessCalendar } from './calendar.js';
export { type ReviewsState, reviewProjection } from './projection.js';
export type { Acting, ClaimOptions, DecisionInput, ReviewQueue, ReviewQueueOptions, ReviewRequest } from './queue.js';
export { reviewQueue } from './queue.js';
export { type ReviewerFigures, type ReviewStatistics, reviewStatistics } from './statistics.js';
export type * from './types.js';
