import { jsonResponse } from '../http/json.js';
import { type Route, route } from '../http/router.js';
import type { HttpServiceOptions } from '../http/service.js';

/** What the page needs to know about itself: who looks, whether anything can be written at all, and which parts there are. */
export function sessionRoute({
  authorise,
  reviews,
  monitors,
}: Pick<HttpServiceOptions, 'authorise' | 'reviews' | 'monitors'>): Route {
  return route('read', 'GET /session', 'console.open', ({ caller }) =>
    jsonResponse({
      actor: caller?.actor,
      writes: authorise !== undefined,
      parts: { reviews: reviews !== undefined, monitors: monitors !== undefined },
    }),
  );
}
