import type { ReviewState, ReviewsState } from './projection.js';

/** How people and model get on: what oversight is worth is measured, not assumed. */
export interface ReviewStatistics {
  readonly requested: number;
  readonly closed: number;
  readonly timedOut: number;
  readonly disputed: number;
  /** Share of decisions on reviews with a recommendation that went against it; undefined without any. */
  readonly overrideRate: number | undefined;
  /** The same for blind reviews only. A much larger share than `overrideRate` is automation bias. */
  readonly blindOverrideRate: number | undefined;
  readonly reviewers: ReadonlyMap<string, ReviewerFigures>;
}

/** How one reviewer has worked. */
export interface ReviewerFigures {
  readonly decisions: number;
  /** Milliseconds from claim to decision, mean. */
  readonly meanTookMs: number;
  /** Share of gold items answered as known; undefined without any. */
  readonly goldAccuracy: number | undefined;
}

/** Figures over the reviews of one queue, or of all. */
export function reviewStatistics(state: ReviewsState, queue?: string): ReviewStatistics {
  const reviews = [...state.reviews.values()].filter((review) => (queue ?? review.queue) === review.queue);
  const reviewers = new Map<string, { decisions: number; took: number; gold: number; right: number }>();
  for (const review of reviews) {
    for (const { by, choice, tookMs } of review.decisions) {
      const figures = reviewers.get(by) ?? { decisions: 0, took: 0, gold: 0, right: 0 };
      figures.decisions++;
      figures.took += tookMs;
      if (review.gold !== undefined) figures.gold++;
      if (review.gold === choice) figures.right++;
      reviewers.set(by, figures);
    }
  }
  return {
    requested: reviews.length,
    closed: reviews.filter((r) => r.outcome !== undefined).length,
    timedOut: reviews.filter((r) => r.outcome?.how === 'timeout').length,
    disputed: reviews.filter((r) => new Set(r.decisions.map((d) => d.choice)).size > 1).length,
    overrideRate: overrides(reviews),
    blindOverrideRate: overrides(reviews.filter((r) => r.blind)),
    reviewers: new Map(
      [...reviewers].map(([by, { decisions, took, gold, right }]) => [
        by,
        { decisions, meanTookMs: took / decisions, goldAccuracy: gold === 0 ? undefined : right / gold },
      ]),
    ),
  };
}

function overrides(reviews: readonly ReviewState[]): number | undefined {
  let decisions = 0;
  let against = 0;
  for (const review of reviews) {
    if (review.recommendation === undefined) continue;
    decisions += review.decisions.length;
    for (const { choice } of review.decisions) if (choice !== review.recommendation.choice) against++;
  }
  return decisions === 0 ? undefined : against / decisions;
}
