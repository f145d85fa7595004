import { invalidInput } from '@millwright/core';
import type { Review, ReviewQueue, ReviewRequest } from '@millwright/core/review';
import type { Fields } from './body.js';
import { jsonResponse } from './json.js';
import { actingOf, type Route, route } from './router.js';

/** The review queue: look, ask, claim, decide, give back, settle. Known answers and the tokens of others are not shown. */
export function reviewRoutes(reviews: ReviewQueue): readonly Route[] {
  return [
    route(
      'read',
      'GET /reviews',
      'review.list',
      ({ query }) => jsonResponse({ items: reviews.open(query.get('queue') ?? undefined).map(shown) }),
      ['queue'],
    ),
    route('read', 'GET /reviews/:review', 'review.read', ({ params }) =>
      jsonResponse(shown(reviews.get(params['review']!))),
    ),
    route('write', 'POST /reviews', 'review.request', async (call) => {
      const request = requestOf(await call.body());
      return jsonResponse(shown(await reviews.request({ ...request, ...actingOf(call) })), { status: 201 });
    }),
    route('write', 'POST /reviews/claim', 'review.claim', async (call) => {
      const body = await call.body();
      const options = { queue: body.optional('queue', 'string'), holdMs: body.optional('holdMs', 'number') };
      const claimed = await reviews.claim({ ...options, ...actingOf(call) });
      if (claimed === undefined) return new Response(null, { status: 204 });
      return jsonResponse({ review: shown(claimed.review), claim: claimed.claim });
    }),
    route('write', 'POST /reviews/:review/decision', 'review.decide', async (call) => {
      const body = await call.body();
      const decision = { token: body.text('token'), ...choiceOf(body), ...actingOf(call) };
      return jsonResponse(shown(await reviews.decide(call.params['review']!, decision)));
    }),
    route('write', 'POST /reviews/:review/release', 'review.release', async (call) => {
      const body = await call.body();
      await reviews.release(call.params['review']!, body.text('token'), actingOf(call));
      return new Response(null, { status: 204 });
    }),
    route('write', 'POST /reviews/:review/adjudication', 'review.adjudicate', async (call) => {
      const decision = { ...choiceOf(await call.body()), ...actingOf(call) };
      return jsonResponse(shown(await reviews.adjudicate(call.params['review']!, decision)));
    }),
  ];
}

/** What anybody who may look at the queue sees: of a blind review, what others think when all have decided. */
function shown(review: Review): Review {
  const hidden = review.blind && review.status === 'open' ? { recommendation: undefined, decisions: [] } : {};
  const claims = review.claims.map((claim) => ({ ...claim, token: '' }));
  return { ...review, claims, gold: review.status === 'closed' ? review.gold : undefined, ...hidden };
}

function choiceOf(body: Fields) {
  return { choice: body.text('choice'), reason: body.optional('reason', 'string') };
}

/** What a caller may ask. Gold items and recommendations are put in by the process, which knows them. */
function requestOf(body: Fields): ReviewRequest {
  const blind = body.optional('blind', 'boolean');
  const decisionsNeeded = body.optional('decisionsNeeded', 'number');
  const dueAt = body.optional('dueAt', 'number');
  if (dueAt !== undefined && !Number.isSafeInteger(dueAt))
    throw invalidInput('dueAt', 'milliseconds since 1970', dueAt);
  return {
    id: body.optional('id', 'string'),
    queue: body.optional('queue', 'string'),
    subject: body.text('subject'),
    question: body.text('question'),
    choices: body.texts('choices'),
    priority: body.optional('priority', 'number'),
    onTimeout: body.optional('onTimeout', 'string'),
    ...{ blind, decisionsNeeded, dueAt },
  };
}
