import * as z from 'zod/mini';
import type { LedgerEvent, Projection } from '../ledger/types.js';
import { noteSchema } from './note.js';
import type { Claim, Decision, Review, ReviewOutcome, ReviewStatus } from './types.js';

/** Longest text in a review event. */
export const MAX_REVIEW_TEXT = 4_000;

const word = z.string().check(z.minLength(1), z.maxLength(200));
const text = z.string().check(z.maxLength(MAX_REVIEW_TEXT));

const requested = z.object({
  review: word,
  queue: word,
  subject: text,
  question: text,
  choices: z.array(word).check(z.minLength(2), z.maxLength(1_000)),
  decisionsNeeded: z.int().check(z.minimum(1), z.maximum(100)),
  recommendation: z.optional(z.object({ choice: word, confidence: z.optional(z.number()), by: z.optional(text) })),
  blind: z._default(z.boolean(), false),
  priority: z._default(z.number(), 0),
  dueAt: z.optional(z.number()),
  onTimeout: z.optional(word),
  gold: z.optional(word),
  reviewers: z.optional(z.array(word)),
  note: noteSchema,
});
const claimed = z.object({ review: word, token: word, until: z.number() });
const released = z.object({ review: word, token: word });
const decided = z.object({ review: word, token: word, choice: word, reason: text, note: noteSchema });
const adjudicated = z.object({ review: word, choice: word, reason: text, note: noteSchema });
const expired = z.object({ review: word });

/** A review as the fold keeps it. */
export interface ReviewState extends Omit<Review, 'claims' | 'decisions' | 'status' | 'outcome'> {
  readonly claims: Claim[];
  readonly decisions: Decision[];
  outcome: ReviewOutcome | undefined;
}

/** All reviews that the ledger holds. */
export interface ReviewsState {
  readonly reviews: Map<string, ReviewState>;
  /** Reviews without an outcome, so that a queue need not look at all that ever were. */
  readonly open: Set<ReviewState>;
}

/** All reviews. The rules are enforced here, so that a decision too late, twice or without a claim does not count, whoever wrote it. */
export const reviewProjection: Projection<ReviewsState> = {
  id: 'core.reviews@2',
  init: () => ({ reviews: new Map(), open: new Set() }),
  apply(state, event) {
    FOLDS.get(event.type)?.(state, event);
    return state;
  },
  snapshot: {
    // As a text, which leaves out what is undefined and keeps everything else as it is.
    encode: ({ reviews }) => JSON.stringify([...reviews.values()]),
    decode(json) {
      const reviews = (JSON.parse(String(json)) as Partial<ReviewState>[]).map(
        (each) => ({ ...ABSENT, ...each }) as ReviewState,
      );
      return {
        reviews: new Map(reviews.map((review) => [review.id, review])),
        open: new Set(reviews.filter(({ outcome }) => outcome === undefined)),
      };
    },
  },
};

const ABSENT = {
  recommendation: undefined,
  dueAt: undefined,
  onTimeout: undefined,
  gold: undefined,
  reviewers: undefined,
  note: undefined,
  outcome: undefined,
};

const FOLDS = new Map<string, (state: ReviewsState, event: LedgerEvent) => void>([
  ['review.requested', onRequested],
  ['review.claimed', onClaimed],
  ['review.released', onReleased],
  ['review.decided', onDecided],
  ['review.adjudicated', onAdjudicated],
  ['review.expired', onExpired],
]);

function onRequested(state: ReviewsState, event: LedgerEvent): void {
  const { success, data } = requested.safeParse(event.data);
  if (!success || state.reviews.has(data.review)) return;
  const { review: id, ...rest } = data;
  const review: ReviewState = {
    ...rest,
    id,
    recommendation: rest.recommendation,
    dueAt: rest.dueAt,
    onTimeout: rest.onTimeout,
    gold: rest.gold,
    reviewers: rest.reviewers,
    note: rest.note,
    requestedBy: event.actor,
    requestedAt: event.time,
    claims: [],
    decisions: [],
    outcome: undefined,
    eventIndex: event.index,
  };
  state.reviews.set(id, review);
  state.open.add(review);
}

function onClaimed(state: ReviewsState, event: LedgerEvent): void {
  const { success, data } = claimed.safeParse(event.data);
  const review = success ? state.reviews.get(data.review) : undefined;
  if (!success || review === undefined || !mayClaim(review, event.actor, event.time)) return;
  dropClaims(review, (claim) => claim.by === event.actor || claim.until <= event.time);
  review.claims.push({ by: event.actor, token: data.token, until: data.until, claimedAt: event.time });
}

function onReleased(state: ReviewsState, event: LedgerEvent): void {
  const { success, data } = released.safeParse(event.data);
  const review = success ? state.reviews.get(data.review) : undefined;
  if (success && review !== undefined)
    dropClaims(review, (claim) => claim.token === data.token && claim.by === event.actor);
}

function onDecided(state: ReviewsState, event: LedgerEvent): void {
  const { success, data } = decided.safeParse(event.data);
  const review = success ? state.reviews.get(data.review) : undefined;
  if (!success || review === undefined || statusOf(review) !== 'open' || overdue(review, event.time)) return;
  const claim = findClaim(review, event.actor, data.token, event.time);
  if (claim === undefined || !review.choices.includes(data.choice)) return;
  dropClaims(review, (c) => c === claim);
  const { choice, reason, note } = data;
  const decision: Decision = {
    by: event.actor,
    choice,
    reason,
    time: event.time,
    tookMs: event.time - claim.claimedAt,
  };
  review.decisions.push(note === undefined ? decision : { ...decision, note });
  const done = review.decisions.length >= review.decisionsNeeded;
  if (done && review.decisions.every((d) => d.choice === choice)) close(state, review, choice, 'agreed', event.time);
}

function onAdjudicated(state: ReviewsState, event: LedgerEvent): void {
  const { success, data } = adjudicated.safeParse(event.data);
  const review = success ? state.reviews.get(data.review) : undefined;
  if (!success || review === undefined || !mayAdjudicate(review, event.actor, event.time)) return;
  if (!review.choices.includes(data.choice)) return;
  const { reason, note } = data;
  close(state, review, data.choice, 'adjudicated', event.time, { by: event.actor, reason, ...(note && { note }) });
}

function onExpired(state: ReviewsState, event: LedgerEvent): void {
  const { success, data } = expired.safeParse(event.data);
  const review = success ? state.reviews.get(data.review) : undefined;
  if (review !== undefined && review.outcome === undefined && overdue(review, event.time))
    close(state, review, review.onTimeout, 'timeout', event.time);
}

function close(
  state: ReviewsState,
  review: ReviewState,
  choice: string | undefined,
  how: ReviewOutcome['how'],
  time: number,
  adjudicated?: ReviewOutcome['adjudicated'],
): void {
  review.outcome = { choice, how, time, ...(adjudicated && { adjudicated }) };
  review.claims.length = 0;
  state.open.delete(review);
}

function dropClaims(review: ReviewState, drop: (claim: Claim) => boolean): void {
  for (let at = review.claims.length - 1; at >= 0; at--) if (drop(review.claims[at]!)) review.claims.splice(at, 1);
}

/** Where a review stands. */
export function statusOf(review: ReviewState): ReviewStatus {
  if (review.outcome !== undefined) return 'closed';
  return review.decisions.length >= review.decisionsNeeded ? 'disputed' : 'open';
}

/** True from the due moment on: what comes later does not count. */
export function overdue(review: ReviewState, time: number): boolean {
  return review.dueAt !== undefined && time >= review.dueAt;
}

/** Whether a place is left for this reviewer: each person decides once, and no more hold claims than decisions are needed. */
export function mayClaim(review: ReviewState, reviewer: string, time: number): boolean {
  if (statusOf(review) !== 'open' || overdue(review, time)) return false;
  if (!isReviewer(review, reviewer) || review.decisions.some((d) => d.by === reviewer)) return false;
  let held = 0;
  for (const claim of review.claims) if (claim.until > time && claim.by !== reviewer) held++;
  return review.decisions.length + held < review.decisionsNeeded;
}

/** The reviewer's claim, while it lasts. */
export function findClaim(review: ReviewState, reviewer: string, token: string, time: number): Claim | undefined {
  return review.claims.find((c) => c.token === token && c.by === reviewer && c.until > time);
}

/** Disputes are settled by somebody who has not decided. */
export function mayAdjudicate(review: ReviewState, actor: string, time: number): boolean {
  if (statusOf(review) !== 'disputed' || overdue(review, time) || !isReviewer(review, actor)) return false;
  return !review.decisions.some((d) => d.by === actor);
}

function isReviewer({ reviewers }: ReviewState, actor: string): boolean {
  return reviewers?.includes(actor) ?? true;
}

/** A copy that later events do not change. */
export function toReview(review: ReviewState): Review {
  return {
    ...review,
    choices: [...review.choices],
    claims: [...review.claims],
    decisions: [...review.decisions],
    status: statusOf(review),
  };
}
