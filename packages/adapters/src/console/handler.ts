import { type FetchHandler, factoryRoutes, type HttpServiceOptions, serveRoutes } from '../http/service.js';
import { type Assets, loadAssets } from './assets.js';
import { freshly } from './fresh.js';
import { pageResponse } from './page.js';
import { isForeign, refuseForeign } from './same-origin.js';
import { sessionRoute } from './session.js';

/** What the console shows, and who may act in it: without `authorise` nobody may write. */
export interface ConsoleOptions
  extends Pick<
    HttpServiceOptions,
    'rollouts' | 'monitors' | 'reviews' | 'authorise' | 'prefix' | 'maxBodyBytes' | 'onError'
  > {
  /** What is shown; everything else adds pages. */
  readonly registry: NonNullable<HttpServiceOptions['registry']>;
  /** What the page calls itself. Default `Millwright`. */
  readonly title?: string | undefined;
}

/**
 * A web application over a factory, as one fetch handler: models and versions, the time lines of aliases, lineage, rollouts
 * with their evidence and the kill button, drift, the review queue, the ledger and its verification. Without the hook
 * `authorise` everybody who reaches it reads and nobody writes; requests of other sites' pages never write.
 *
 * The page names everything relative to its own address, so it works under any path: mounted as it is where the framework
 * takes the path away (Hono's `mount`), else with `prefix`.
 *
 * @example
 * const handle = consoleHandler({ registry, reviews, rollouts: [rollout], authorise: (request) => sessionOf(request.headers) });
 * app.mount('/console', handle); // Hono
 */
export function consoleHandler(options: ConsoleOptions): FetchHandler {
  const { registry, prefix = '', title = 'Millwright' } = options;
  const routes = [...factoryRoutes(options), sessionRoute(options)];
  const api = serveRoutes(routes, { ...options, prefix: `${prefix}/api` });
  const refresh = freshly(() => registry.ledger.refresh());
  let loading: Promise<Assets> | undefined;

  return async (request) => {
    const { pathname } = new URL(request.url);
    const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : undefined;
    if (path?.startsWith('/api/')) {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        if (isForeign(request)) return refuseForeign();
      } else await refresh();
      return api(request);
    }
    loading ??= loadAssets();
    return pageResponse(request, path, title, await loading);
  };
}
