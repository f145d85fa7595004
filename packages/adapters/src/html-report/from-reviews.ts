import { type Review, type ReviewsState, reviewStatistics } from '@millwright/core/review';
import { formatTick } from './format.js';
import type { ReviewEntry, ReviewSection } from './model.js';

/** Which reviews are listed. */
export interface ReviewSectionOptions {
  /** Only this queue. Default: all. */
  readonly queue?: string | undefined;
  /** At most so many reviews, the newest. Default 200. */
  readonly most?: number | undefined;
}

/**
 * The section of the review queue: what people were asked, who decided what and why, and how often they decided against
 * the model. While a blind review is open, what would make its reviewers less blind is left out.
 *
 * @example
 * renderReport({ title: 'Reviews', reviews: reviewsOf(ledger.state(reviewProjection)) });
 */
export function reviewsOf(state: ReviewsState, { queue, most = 200 }: ReviewSectionOptions = {}): ReviewSection {
  const { requested, closed, timedOut, disputed, overrideRate } = reviewStatistics(state, queue);
  const reviews = [...state.reviews.values()].filter((review) => (queue ?? review.queue) === review.queue);
  const facts = [
    `${requested} asked, ${closed} closed`,
    ...(timedOut > 0 ? [`${timedOut} not decided in time`] : []),
    ...(disputed > 0 ? [`${disputed} disputed`] : []),
    ...(overrideRate === undefined
      ? []
      : [`${formatTick(overrideRate, 'share')} of the decisions went against the model`]),
    ...(reviews.length > most ? [`the newest ${most} are shown`] : []),
  ];
  return { sentence: `${facts.join('; ')}.`, reviews: reviews.slice(-most).map(entryOf) };
}

function entryOf(review: ReviewsState['reviews'] extends ReadonlyMap<string, infer R> ? R : never): ReviewEntry {
  const { requestedAt, question, subject, queue, recommendation, decisions, outcome, blind } = review;
  const hidden = blind && outcome === undefined;
  return {
    time: requestedAt,
    question,
    subject,
    queue,
    ...(hidden ? {} : { recommendation: recommendation?.choice }),
    decisions: hidden
      ? []
      : decisions.map(({ by, choice, reason, time, tookMs }) => ({ by, choice, reason, time, tookMs })),
    outcome: outcome && wordsOf(outcome),
  };
}

function wordsOf({ choice, how, adjudicated }: NonNullable<Review['outcome']>): string {
  const what = choice ?? 'no decision';
  if (how === 'timeout') return `${what}, nobody decided in time`;
  return adjudicated === undefined ? what : `${what}, settled by ${adjudicated.by}: ${adjudicated.reason}`;
}
