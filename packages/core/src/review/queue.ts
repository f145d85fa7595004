import type { Abortable } from '../foundation/abort.js';
import { type Clock, systemClock } from '../foundation/clock.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { idSource, type ReviewId } from '../foundation/ids.js';
import { defined } from '../foundation/options.js';
import { type Random, systemRandom } from '../foundation/random.js';
import type { PayloadRef } from '../ledger/payload.js';
import type { Ledger, LedgerView, NewEvent } from '../ledger/types.js';
import type { BlobStore } from '../storage/types.js';
import { type Acting, openNote, sealNote } from './note.js';
import {
  findClaim,
  MAX_REVIEW_TEXT,
  mayAdjudicate,
  mayClaim,
  overdue,
  type ReviewState,
  reviewProjection,
  statusOf,
  toReview,
} from './projection.js';
import type { Claim, Recommendation, Review } from './types.js';

/** People in the line: what they are asked, who holds it, what they decided. All of it is in the ledger. */
export interface ReviewQueue {
  /** Asks. The same `id` again returns the review that is there. @throws `input/invalid` */
  request(request: ReviewRequest & Acting): Promise<Review>;
  /** Takes the most urgent open review that this actor may decide, or undefined when there is none. */
  claim(options?: ClaimOptions & Acting): Promise<{ readonly review: Review; readonly claim: Claim } | undefined>;
  /** Gives a claim back. */
  release(review: string, token: string, options?: Acting): Promise<void>;
  /**
   * Decides, while the claim lasts and the review is not overdue. When all needed decisions agree, the review is closed.
   * @throws `state/not-found`, `state/precondition`, `input/invalid`
   */
  decide(review: string, decision: DecisionInput & { readonly token: string } & Acting): Promise<Review>;
  /** Settles a disputed review; not by one of those who disagree. @throws `state/not-found`, `state/precondition` */
  adjudicate(review: string, decision: DecisionInput & Acting): Promise<Review>;
  /** Closes what is overdue: an approval that nobody gave in time is a rejection. Call it from time to time. */
  expire(options?: Acting): Promise<readonly Review[]>;
  /** @throws `state/not-found` */
  get(review: string): Review;
  /** Reviews that have no outcome yet, most urgent first. */
  open(queue?: string): readonly Review[];
  /** What somebody wrote beside a question or a decision; undefined when it was erased. @throws `storage/corrupt` */
  note(ref: PayloadRef, options?: Abortable): Promise<string | undefined>;
}

/** A question to people: what it is about, what they may choose, and until when. */
export interface ReviewRequest {
  /** Default: a new id. Give one to make asking twice harmless. */
  readonly id?: string | undefined;
  /** Default `approvals`. */
  readonly queue?: string | undefined;
  /** What it is about: a version, a decision id. */
  readonly subject: string;
  readonly question: string;
  /** Default `approve` and `reject`. */
  readonly choices?: readonly string[] | undefined;
  /** How many people decide; where they differ, somebody else adjudicates. Default 1. */
  readonly decisionsNeeded?: number | undefined;
  readonly recommendation?: Recommendation | undefined;
  /** Reviewers do not see the recommendation before they decide. Default false. */
  readonly blind?: boolean | undefined;
  /** Larger ones are handed out first. Default 0. */
  readonly priority?: number | undefined;
  /** Until when, milliseconds since 1970. Default: no limit. */
  readonly dueAt?: number | undefined;
  /** Default `reject` where that is a choice; otherwise a review that times out has no choice. */
  readonly onTimeout?: string | undefined;
  /** The known answer, to measure reviewers; they never see it. */
  readonly gold?: string | undefined;
  /** Who may decide and adjudicate. Default: anyone. */
  readonly reviewers?: readonly string[] | undefined;
}

/** Which queue to take from, and for how long. */
export interface ClaimOptions {
  /** Default: any. */
  readonly queue?: string | undefined;
  /** How long nobody else gets the review. Default 15 minutes. */
  readonly holdMs?: number | undefined;
}

/** What a reviewer chooses, and why. */
export interface DecisionInput {
  readonly choice: string;
  readonly reason?: string | undefined;
}

/** Where notes are kept, and what tells the time and draws ids. */
export interface ReviewQueueOptions {
  /** Where notes are kept. */
  readonly blobs?: BlobStore | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

const HOLD_MS = 15 * 60_000;

/** Opens the reviews of a ledger. */
export async function reviewQueue(ledger: Ledger, options: ReviewQueueOptions = {}): Promise<ReviewQueue> {
  const { clock = systemClock, random = systemRandom, blobs } = options;
  const nextId = idSource(clock, random);
  await ledger.use(reviewProjection);

  const get = (id: string) => toReview(findReview(ledger.state(reviewProjection).reviews, id));
  const act = async (
    id: string,
    acting: Acting,
    decide: (review: ReviewState, view: LedgerView) => readonly NewEvent[],
  ) => {
    await ledger.commit<undefined>((view) => {
      const review = findReview(view.state(reviewProjection).reviews, id);
      return { events: decide(review, view), result: undefined };
    }, commitOptions(acting));
    return get(id);
  };

  return {
    async request(request) {
      const id = request.id ?? nextId<ReviewId>();
      const asked = requestedEvent(id, request);
      const event = { ...asked, data: { ...asked.data, ...(await sealNote(blobs, request)) } };
      await ledger.commit<undefined>((view) => {
        const known = view.state(reviewProjection).reviews.has(id);
        return { events: known ? [] : [event], result: undefined };
      }, commitOptions(request));
      return get(id);
    },

    async claim(o = {}) {
      const { queue, holdMs = HOLD_MS } = o;
      if (!(holdMs > 0)) throw invalidInput('holdMs', 'a duration above 0', holdMs);
      const token = nextId<ReviewId>();
      const { result } = await ledger.commit<{ readonly id: string; readonly claim: Claim } | undefined>((view) => {
        const free = [...view.state(reviewProjection).open].filter(
          (review) => (queue ?? review.queue) === review.queue && mayClaim(review, view.actor, view.time),
        );
        const review = free.sort(urgency)[0];
        if (review === undefined) return { events: [], result: undefined };
        const until = view.time + holdMs;
        const claim: Claim = { by: view.actor, token, until, claimedAt: view.time };
        return {
          events: [{ type: 'review.claimed', data: { review: review.id, token, until } }],
          result: { id: review.id, claim },
        };
      }, commitOptions(o));
      return result === undefined ? undefined : { review: shown(get(result.id)), claim: result.claim };
    },

    async release(id, token, acting = {}) {
      await act(id, acting, (review, view) =>
        findClaim(review, view.actor, token, view.time) === undefined
          ? []
          : [{ type: 'review.released', data: { review: id, token } }],
      );
    },

    async decide(id, { token, choice, reason = '', ...acting }) {
      const note = await sealNote(blobs, acting);
      return act(id, acting, (review, view) => {
        checkChoice(review, choice, reason);
        if (statusOf(review) !== 'open') throw refused(review, 'open', statusOf(review));
        if (overdue(review, view.time)) throw refused(review, `decided before ${review.dueAt}`, `${view.time}`);
        if (findClaim(review, view.actor, token, view.time) === undefined)
          throw refused(review, `claimed by ${view.actor} with this token`, 'no such claim, or it has run out');
        return [{ type: 'review.decided', data: { review: id, token, choice, reason, ...note } }];
      });
    },

    async adjudicate(id, { choice, reason = '', ...acting }) {
      const note = await sealNote(blobs, acting);
      return act(id, acting, (review, view) => {
        checkChoice(review, choice, reason);
        if (!mayAdjudicate(review, view.actor, view.time))
          throw refused(review, 'disputed, in time, and adjudicated by somebody else', statusOf(review));
        return [{ type: 'review.adjudicated', data: { review: id, choice, reason, ...note } }];
      });
    },

    async expire(acting = {}) {
      const { result } = await ledger.commit<readonly string[]>((view) => {
        const late = [...view.state(reviewProjection).open].filter((review) => overdue(review, view.time));
        const ids = late.slice(0, MAX_EXPIRED).map((review) => review.id);
        return { events: ids.map((review) => ({ type: 'review.expired', data: { review } })), result: ids };
      }, commitOptions(acting));
      return result.map(get);
    },

    get,
    note: (ref, o) => openNote(blobs, ref, o),
    open: (queue) =>
      [...ledger.state(reviewProjection).open]
        .filter((review) => (queue ?? review.queue) === review.queue)
        .sort(urgency)
        .map(toReview),
  };
}

/** A commit holds at most 256 events. */
const MAX_EXPIRED = 200;

/** Larger priority first, then the one that is due sooner, then the older one. */
function urgency(a: ReviewState, b: ReviewState): number {
  const due = (review: ReviewState) => review.dueAt ?? Number.POSITIVE_INFINITY;
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (due(a) !== due(b)) return due(a) < due(b) ? -1 : 1;
  return a.eventIndex - b.eventIndex;
}

/** What a reviewer of a blind review may see before deciding. */
function shown(review: Review): Review {
  return review.blind
    ? { ...review, recommendation: undefined, gold: undefined, decisions: [] }
    : { ...review, gold: undefined };
}

/** The event that asks. @throws `input/invalid` */
export function requestedEvent(id: string, request: ReviewRequest): NewEvent {
  const { choices = ['approve', 'reject'], decisionsNeeded = 1, dueAt, gold, recommendation } = request;
  if (choices.length < 2 || new Set(choices).size !== choices.length)
    throw invalidInput('choices', 'two or more different words', choices);
  if (!Number.isInteger(decisionsNeeded) || decisionsNeeded < 1 || decisionsNeeded > 100)
    throw invalidInput('decisionsNeeded', 'an integer from 1 to 100', decisionsNeeded);
  const onTimeout = request.onTimeout ?? (choices.includes('reject') ? 'reject' : undefined);
  for (const choice of [onTimeout, gold, recommendation?.choice])
    if (choice !== undefined && !choices.includes(choice))
      throw invalidInput('choice', `one of ${choices.join(', ')}`, choice);
  for (const text of [request.subject, request.question])
    if (typeof text !== 'string' || text.length > MAX_REVIEW_TEXT)
      throw invalidInput('subject and question', `texts of up to ${MAX_REVIEW_TEXT} characters`, text);
  return {
    type: 'review.requested',
    data: {
      review: id,
      queue: request.queue ?? 'approvals',
      subject: request.subject,
      question: request.question,
      choices: [...choices],
      decisionsNeeded,
      blind: request.blind ?? false,
      priority: request.priority ?? 0,
      ...defined({ dueAt, onTimeout, gold }),
      ...(request.reviewers === undefined ? {} : { reviewers: [...request.reviewers] }),
      ...(recommendation === undefined ? {} : { recommendation: { ...defined(recommendation) } }),
    },
  };
}

/** @throws `input/invalid` */
export function checkChoice(review: ReviewState, choice: string, reason: string): void {
  if (!review.choices.includes(choice)) throw invalidInput('choice', `one of ${review.choices.join(', ')}`, choice);
  if (typeof reason !== 'string' || reason.length > MAX_REVIEW_TEXT)
    throw invalidInput('reason', `a text of up to ${MAX_REVIEW_TEXT} characters`, reason);
}

/** @throws `state/not-found` */
export function findReview(reviews: ReadonlyMap<string, ReviewState>, id: string): ReviewState {
  const review = reviews.get(id);
  if (review === undefined)
    throw new MillwrightError('state/not-found', `There is no review \`${id}\`.`, { details: { what: 'review', id } });
  return review;
}

export function refused(review: ReviewState, expected: string, actual: string): MillwrightError<'state/precondition'> {
  return new MillwrightError('state/precondition', `Expected review ${review.id} to be ${expected}; it is ${actual}.`, {
    details: { what: `review ${review.id}`, expected, actual },
  });
}

function commitOptions({ actor, signal }: Acting): { readonly actor: string | undefined } & Abortable {
  return { actor, signal };
}
