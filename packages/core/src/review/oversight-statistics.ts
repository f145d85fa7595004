import { type OversightMode, type OversightsState, type Proposal, rulingOn } from './oversight-state.js';
import type { ReviewsState } from './projection.js';

/** What an oversight is worth: how often people looked, and how often they said otherwise than the model. */
export interface OversightFigures {
  readonly proposals: number;
  /** Refused at once: stopped, or out of scope. */
  readonly refused: number;
  /** A person decided. */
  readonly decided: number;
  /** The window closed without a word: a rejection in the loop, consent on the loop. */
  readonly silent: number;
  /** Decisions of people that were not what the model recommended. */
  readonly overridden: number;
  /** `overridden` of `decided`; undefined without decisions. */
  readonly overrideRate: number | undefined;
}

/** Figures of an oversight, or of all, by the mode in which each act was proposed. `now` in milliseconds since 1970. */
export function oversightFigures(
  { proposals }: OversightsState,
  { reviews }: ReviewsState,
  now: number,
  oversight?: string,
): ReadonlyMap<OversightMode, OversightFigures> {
  const byMode = new Map<OversightMode, Proposal[]>();
  for (const proposal of proposals.values()) {
    if ((oversight ?? proposal.oversight) !== proposal.oversight) continue;
    if (!byMode.has(proposal.mode)) byMode.set(proposal.mode, []);
    byMode.get(proposal.mode)!.push(proposal);
  }
  return new Map(Array.from(byMode, ([mode, all]) => [mode, figuresOf(all, reviews, now)]));
}

function figuresOf(proposals: readonly Proposal[], reviews: ReviewsState['reviews'], now: number): OversightFigures {
  const counts = { refused: 0, decided: 0, silent: 0, overridden: 0 };
  for (const proposal of proposals) {
    // A stop now does not change what was decided before it.
    const { choice, how } = rulingOn(proposal, reviews.get(proposal.id), false, now);
    if (proposal.refused !== undefined) counts.refused++;
    else if (how === 'silence') counts.silent++;
    else if (how === 'person') {
      counts.decided++;
      if (choice !== proposal.recommendation.choice) counts.overridden++;
    }
  }
  const overrideRate = counts.decided === 0 ? undefined : counts.overridden / counts.decided;
  return { proposals: proposals.length, ...counts, overrideRate };
}
