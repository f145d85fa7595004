import { invalidInput } from '@millwright/core';
import type { Access, Caller } from './access.js';
import type { Fields } from './body.js';

/** One thing that a service does. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** Literal segments, and `:name` for one that the caller fills. */
  readonly segments: readonly string[];
  readonly kind: Access['kind'];
  readonly action: string;
  /** Query parameters that it knows; others are refused, for a filter that is misspelt would match everything. */
  readonly query: readonly string[];
  run(call: Call): Promise<Response> | Response;
}

/** A request that was admitted. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** Undefined only where no hook was given, for what needs none. */
  readonly caller: Caller | undefined;
  readonly signal: AbortSignal;
  /** The JSON object that was sent. @throws `input/invalid`, `input/too-large` */
  body(): Promise<Fields>;
}

/** Makes a route from `GET /models/:name`. A query name that ends with `.` stands for all that begin with it. */
export function route(
  kind: Access['kind'],
  line: `${Route['method']} /${string}`,
  action: string,
  run: Route['run'],
  query: readonly string[] = [],
): Route {
  const [method, path] = line.split(' ') as [Route['method'], string];
  return { method, segments: path.split('/').slice(1), kind, action, query, run };
}

export type Match =
  | { readonly kind: 'found'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'wrongMethod'; readonly allowed: readonly string[] }
  | { readonly kind: 'nothing' };

/** The first route of this method and path. @throws `input/invalid` for a segment that is not well encoded */
export function match(routes: readonly Route[], method: string, path: string): Match {
  const parts = path.split('/').slice(1).map(decoded);
  const allowed = new Set<string>();
  for (const candidate of routes) {
    const params = fits(candidate.segments, parts);
    if (params === undefined) continue;
    if (candidate.method === method || (candidate.method === 'GET' && method === 'HEAD'))
      return { kind: 'found', route: candidate, params };
    allowed.add(candidate.method);
    if (candidate.method === 'GET') allowed.add('HEAD');
  }
  return allowed.size === 0 ? { kind: 'nothing' } : { kind: 'wrongMethod', allowed: [...allowed] };
}

/** @throws `input/invalid` when the query has a parameter that the route does not know, or one twice */
export function checkQuery({ query }: Route, given: URLSearchParams): void {
  const seen = new Set<string>();
  for (const name of given.keys()) {
    const known = query.some((each) => (each.endsWith('.') ? name.startsWith(each) && name !== each : name === each));
    if (!known || seen.has(name))
      throw invalidInput('query', query.length === 0 ? 'empty' : `${query.join(', ')}, each once`, name);
    seen.add(name);
  }
}

function fits(segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of segments.entries()) {
    const part = parts[i]!;
    if (segment.startsWith(':') && part !== '') params[segment.slice(1)] = part;
    else if (segment !== part) return undefined;
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidInput('path', 'percent-encoded UTF-8', segment);
  }
}

/** Who acts, for a command of the registry or of the review queue. */
export function actingOf({ caller, signal, headers }: Call) {
  return { actor: caller?.actor, signal, idempotencyKey: headers.get('idempotency-key') ?? undefined };
}
