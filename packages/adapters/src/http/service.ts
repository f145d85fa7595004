import type { ReviewQueue } from '@millwright/core/review';
import type { MetricFamily } from '@millwright/core/telemetry';
import type { Registry } from '@millwright/registry';
import type { Rollout } from '@millwright/serving/rollout';
import { type Access, type Authorise, admit } from './access.js';
import { readFields } from './body.js';
import { endpointRoutes, type ServedEndpoint } from './endpoints.js';
import { monitorRoutes, type WatchedMonitor } from './monitors.js';
import { operationRoutes, type ReadinessCheck } from './operations.js';
import { httpProblem, problemOf, problemResponse } from './problem.js';
import { registryReads } from './registry-reads.js';
import { registryWrites } from './registry-writes.js';
import { reviewRoutes } from './reviews.js';
import { rolloutRoutes } from './rollouts.js';
import { type Call, checkQuery, match, type Route } from './router.js';

/** A web handler: what Hono, Next, Deno, Bun and workers mount as it is, and Node through `@millwright/adapters/http/node`. */
export type FetchHandler = (request: Request) => Promise<Response>;

/** What is served over HTTP: each part is there when it is given. */
export interface HttpServiceOptions extends ServeOptions {
  /** Served as `/endpoints/:name`. */
  readonly endpoints?: Readonly<Record<string, ServedEndpoint>> | undefined;
  /** Served as `/models`, `/versions`, `/lineage`, `/ledger`, `/events`, `/runs`, `/datasets`, `/rollouts`. */
  readonly registry?: Registry | undefined;
  /** Rollouts under way in this process, which a kill reaches at once; those of other processes hear it from the ledger. */
  readonly rollouts?: Iterable<Rollout> | undefined;
  /**
   * Served as `/monitors`, under their own names, beside what `logWindows` has kept in the registry's ledger: a drift monitor,
   * of which the latest windows are kept, or records that were kept elsewhere.
   */
  readonly monitors?: Readonly<Record<string, WatchedMonitor>> | undefined;
  /** Served as `/reviews`. */
  readonly reviews?: ReviewQueue | undefined;
  /** Served as `/metrics`, as text for Prometheus. */
  readonly metrics?: (() => readonly MetricFamily[]) | undefined;
  /** What must hold for `/health/ready` to answer 200. */
  readonly ready?: Readonly<Record<string, ReadinessCheck>> | undefined;
}

/** How a service answers, whatever its routes are. */
export interface ServeOptions {
  /** Who may do what. Default: everybody reads and predicts, nobody writes. */
  readonly authorise?: Authorise | undefined;
  /** Path under which it is mounted, such as `/factory`. Default none. */
  readonly prefix?: string | undefined;
  /** Longest body. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Answers what no route of this service is for. Default: 404. */
  readonly otherwise?: FetchHandler | undefined;
  /** Called with what went wrong on this side, of which the caller is told nothing. */
  readonly onError?: ((error: unknown, access: Access) => void) | undefined;
}

/**
 * One fetch handler for a factory: predictions, the registry's read side, approvals, the review queue, health and metrics.
 * Nothing is written without the `authorise` hook's consent. Errors are `application/problem+json` (RFC 9457).
 *
 * @example
 * const handle = httpService({ registry, endpoints: { fraud: endpoint }, authorise: (request) => sessionOf(request.headers) });
 * app.all('/factory/*', (c) => handle(c.req.raw)); // Hono, with prefix: '/factory'
 */
export function httpService(options: HttpServiceOptions): FetchHandler {
  return serveRoutes(
    [...operationRoutes(options), ...endpointRoutes(options.endpoints ?? {}), ...factoryRoutes(options)],
    options,
  );
}

/** What people look at and decide about: the registry, rollouts, drift and reviews. */
export function factoryRoutes({ registry, rollouts, monitors, reviews }: HttpServiceOptions): readonly Route[] {
  return [
    ...(registry === undefined ? [] : [...registryReads(registry), ...registryWrites(registry)]),
    ...(registry === undefined ? [] : rolloutRoutes(registry, rollouts)),
    ...(monitors === undefined && registry === undefined ? [] : monitorRoutes(monitors, registry)),
    ...(reviews === undefined ? [] : reviewRoutes(reviews)),
  ];
}

/** A fetch handler of these routes, each behind the hook. */
export function serveRoutes(routes: readonly Route[], options: ServeOptions): FetchHandler {
  const { authorise, prefix = '', maxBodyBytes = 1_048_576, otherwise, onError } = options;

  async function answer(request: Request, route: Route, params: Access['params'], url: URL): Promise<Response> {
    const { kind, action } = route;
    const access: Access = { kind, action, params };
    try {
      const caller = await admit(authorise, request, access);
      checkQuery(route, url.searchParams);
      if (route.method === 'POST' && !isJson(request.headers.get('content-type')))
        return httpProblem(415, 'Send the body as `application/json`.', { accept: 'application/json' });
      const call: Call = {
        params,
        query: url.searchParams,
        headers: request.headers,
        caller,
        signal: request.signal,
        body: () => readFields(request, maxBodyBytes),
      };
      return await route.run(call);
    } catch (error) {
      if (problemOf(error).status >= 500 && !request.signal.aborted) onError?.(error, access);
      return problemResponse(error);
    }
  }

  return async (request) => {
    const url = new URL(request.url);
    if (url.pathname.startsWith(`${prefix}/`)) {
      try {
        const found = match(routes, request.method, url.pathname.slice(prefix.length));
        if (found.kind === 'found') {
          const response = await answer(request, found.route, found.params, url);
          return request.method === 'HEAD' ? new Response(null, response) : response;
        }
        if (found.kind === 'wrongMethod')
          return httpProblem(405, `Use ${found.allowed.join(' or ')}.`, { allow: found.allowed.join(', ') });
      } catch (error) {
        return problemResponse(error);
      }
    }
    return otherwise === undefined ? httpProblem(404, 'There is nothing at this path.') : otherwise(request);
  };
}

/** A page of another origin cannot send this type without being asked (CORS), so a cookie alone writes nothing. */
function isJson(type: string | null): boolean {
  return /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i.test(type ?? '');
}
