import { segmentProjection } from '@millwright/core/ledger';
import { WINDOW_STREAM } from '@millwright/drift';
import type { Registry } from '@millwright/registry';
import { jsonResponse } from '../http/json.js';
import { type Route, route } from '../http/router.js';
import type { HttpServiceOptions } from '../http/service.js';

/** What the page needs to know about itself: who looks, whether anything can be written at all, and which parts there are. */
export function sessionRoute({ registry: { ledger }, authorise, reviews, monitors }: SessionOptions): Route {
  return route('read', 'GET /session', 'console.open', async ({ caller, signal }) => {
    await ledger.use(segmentProjection, { signal });
    const windows = ledger.state(segmentProjection).get(WINDOW_STREAM) ?? [];
    return jsonResponse({
      actor: caller?.actor,
      writes: authorise !== undefined,
      parts: { reviews: reviews !== undefined, monitors: monitors !== undefined || windows.length > 0 },
    });
  });
}

interface SessionOptions extends Pick<HttpServiceOptions, 'authorise' | 'reviews' | 'monitors'> {
  readonly registry: Pick<Registry, 'ledger'>;
}
