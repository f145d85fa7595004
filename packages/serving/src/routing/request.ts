import type { CompiledOverride, CompiledPolicy, Route } from './policy.js';
import { route } from './route.js';

/** What routing may know about a request; a `RequestContext` has this shape. */
export interface RoutedRequest {
  readonly unit?: string | undefined;
  /** Other identities of the unit, such as the anonymous id from before a login. */
  readonly formerUnits?: readonly string[] | undefined;
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Remembers who was given which arm, for people whose identity changes. A cookie, a map or a table; keys are opaque. */
export interface StickyStore {
  get(key: string): StickyEntry | undefined;
  set(key: string, entry: StickyEntry): void;
}

/** What is remembered of one identity. */
export interface StickyEntry {
  readonly arm: string;
  /** The arm comes from another identity, or from another system, and is kept whatever the hash says. */
  readonly held: boolean;
}

/**
 * Where a request goes: killed or expired policies first, then overrides, then what a store holds for the unit, then the
 * hash (see `route`). Whoever is not where the hash says gets a route with `sticky: false` and a share of 1: nothing was
 * left to chance, so statistics leave the request out.
 */
export function routeRequest(
  policy: CompiledPolicy,
  request: RoutedRequest,
  requestId?: string,
  now = 0,
  store?: StickyStore,
): Route {
  const { unit } = request;
  if (policy.killed || now > policy.validUntil) return policy.fallback;
  if (policy.overrides.length > 0) {
    const forced = overrideOf(policy.overrides, request);
    if (forced !== undefined) return forced;
  }
  if (store !== undefined && unit !== undefined && unit !== '') return heldRoute(policy, request, unit, store, now);
  return route(policy, unit, requestId, now);
}

/** First assignment wins: a unit that comes with a known former identity keeps its arm as long as that arm serves. */
function heldRoute(
  policy: CompiledPolicy,
  { formerUnits = [] }: RoutedRequest,
  unit: string,
  store: StickyStore,
  now: number,
): Route {
  const keyOf = (id: string) => `${policy.salt}:${id}`;
  const own = store.get(keyOf(unit));
  if (own?.held) {
    const held = policy.certain.get(own.arm);
    if (held !== undefined) return held;
  }
  if (own === undefined)
    for (const former of formerUnits) {
      const before = store.get(keyOf(former));
      const held = before && policy.certain.get(before.arm);
      if (held === undefined) continue;
      store.set(keyOf(unit), { arm: held.arm, held: true });
      return held;
    }
  const hashed = route(policy, unit, undefined, now);
  if (own?.arm !== hashed.arm || own.held) store.set(keyOf(unit), { arm: hashed.arm, held: false });
  return hashed;
}

/** A store in memory that forgets the oldest beyond `maxUnits` (default 100,000). */
export function memoryStickyStore({
  maxUnits = 100_000,
}: {
  readonly maxUnits?: number | undefined;
} = {}): StickyStore {
  const entries = new Map<string, StickyEntry>();
  return {
    get: (key) => entries.get(key),
    set(key, entry) {
      entries.delete(key);
      if (entries.size >= maxUnits) entries.delete(entries.keys().next().value!);
      entries.set(key, entry);
    },
  };
}

function overrideOf(overrides: readonly CompiledOverride[], { unit, attributes }: RoutedRequest): Route | undefined {
  for (const { units, where, route: forced } of overrides) {
    if (units !== undefined && (unit === undefined || !units.has(unit))) continue;
    if (
      where.every(
        ([name, values]) =>
          attributes !== undefined && Object.hasOwn(attributes, name) && values.has(attributes[name]!),
      )
    )
      return forced;
  }
  return undefined;
}
