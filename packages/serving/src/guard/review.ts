import { type BoundedQueue, boundedQueue } from '@millwright/core';
import type { ReviewQueue, ReviewRequest } from '@millwright/core/review';
import type { DecisionRecord, Endpoint } from '../endpoint/types.js';
import { type Abstained, isAbstained } from './types.js';

/** Which abstentions become questions to people, and where they are asked. */
export interface ReviewAbstentionsOptions<I, O> {
  /** What people are asked. Choices, priority and a due date belong here. Undefined: this one is left to the caller. */
  readonly ask: (
    decision: DecisionRecord<I, O>,
    abstained: Abstained,
  ) => Omit<ReviewRequest, 'id' | 'subject'> | undefined;
  /** Default `escalations`. */
  readonly queue?: string | undefined;
  /** Requests that may wait for the ledger; more are counted as dropped. Default 1,000. */
  readonly maxWaiting?: number | undefined;
  /** Hears of reviews that could not be asked for. */
  readonly onError?: ((error: unknown, decision: DecisionRecord<I, O>) => void) | undefined;
}

/** Sends what is held back to people. */
export interface AbstentionReviews {
  readonly sent: number;
  readonly dropped: number;
  /** Resolves when everything that was held back so far is in the ledger, or was reported. */
  idle(): Promise<void>;
  stop(): void;
}

/**
 * Asks people about every answer that a guard held back. The review's subject is the decision's id, so that what they
 * decide can be reported as its outcome, and asking twice is harmless. The request itself has its answer already: an
 * abstention. Copies for shadow arms ask nobody.
 *
 * @example
 * const reviews = await reviewQueue(ledger);
 * reviewAbstentions(endpoint, reviews, {
 *   ask: (_, { reason }) => ({ question: `Will it be late? ${reason}`, choices: ['late', 'onTime'] }),
 * });
 */
export function reviewAbstentions<I, O>(
  endpoint: Pick<Endpoint<I, O>, 'observe'>,
  reviews: Pick<ReviewQueue, 'request'>,
  options: ReviewAbstentionsOptions<I, O>,
): AbstentionReviews {
  const { ask, queue = 'escalations', maxWaiting = 1_000, onError } = options;
  const waiting: BoundedQueue = boundedQueue({ maxWaiting });
  const counts = { sent: 0, dropped: 0 };

  async function send(decision: DecisionRecord<I, O>, request: Omit<ReviewRequest, 'id' | 'subject'>): Promise<void> {
    try {
      await reviews.request({ queue, ...request, id: decision.decisionId, subject: decision.decisionId });
      counts.sent++;
    } catch (error) {
      onError?.(error, decision);
    }
  }

  const stop = endpoint.observe((decision) => {
    const { output, shadow } = decision;
    if (shadow || !isAbstained(output)) return;
    const request = ask(decision, output);
    if (request !== undefined && !waiting.offer(() => send(decision, request))) counts.dropped++;
  });
  return {
    get sent() {
      return counts.sent;
    },
    get dropped() {
      return counts.dropped;
    },
    idle: () => waiting.idle(),
    stop,
  };
}
