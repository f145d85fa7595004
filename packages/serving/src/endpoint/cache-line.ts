import type { Digest } from '@millwright/core';
import type { CacheFacts } from './cache-key.js';
import type { Handle } from './handle.js';
import type { PendingRequest } from './pending.js';
import type { Found, ResponseCache } from './response-cache.js';

/** Puts requests to a cache: a hit answers; of equal ones at one time one asks the model, and the others wait for it. */
export interface CacheLine<I, O> {
  /** False: the request cannot be cached. */
  ask(request: PendingRequest<I, O>, stale: boolean): boolean;
  /** What a leader has got goes to those who wait for it; undefined when it got nothing that others may have. */
  settle(request: PendingRequest<I, O>, answer: { readonly output: unknown } | undefined): void;
}

export interface CacheLineHost<I, O> {
  handle(arm: string): Handle<I, O> | undefined;
  /** The request asks the model. */
  lead(request: PendingRequest<I, O>): void;
  found(request: PendingRequest<I, O>, output: O): void;
}

export function cacheLine<I, O>(cache: ResponseCache, host: CacheLineHost<I, O>): CacheLine<I, O> {
  function ask(request: PendingRequest<I, O>, stale: boolean): boolean {
    const { input, context, route } = request;
    const handle = host.handle(route.arm);
    if (handle?.digest === undefined) return false;
    const key = keyOf({ model: handle.digest, arm: route.arm, tenant: context.tenant, input });
    if (key === undefined) return false;
    const give = (found: Found) => {
      request.handle = handle;
      request.cached = true;
      if (found.stale) request.degraded = 'stale';
      host.found(request, found.output as O);
    };
    const taken = cache.take(key, stale, (found) => {
      // Its own deadline may have passed meanwhile.
      if (request.done || request.fellBack) return;
      if (found !== undefined) give(found);
      else if (!ask(request, stale)) host.lead(request);
    });
    if (taken.kind === 'hit') give(taken);
    if (taken.kind === 'lead') {
      request.leads = key;
      host.lead(request);
    }
    return true;
  }

  /** What cannot be read cannot be cached. */
  function keyOf(facts: CacheFacts): Digest | undefined {
    try {
      return cache.keyOf(facts);
    } catch {
      return undefined;
    }
  }

  return {
    ask,
    settle(request, answer) {
      const { leads } = request;
      if (leads === undefined) return;
      request.leads = undefined;
      cache.settle(leads, answer);
    },
  };
}
