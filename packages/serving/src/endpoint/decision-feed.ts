import type { Abstained } from '../guard/types.js';
import type { PendingRequest } from './pending.js';
import type { DecisionRecord } from './types.js';

/** How a request ended. */
export interface DecisionEnd<O> {
  readonly status: DecisionRecord['status'];
  readonly output: O | Abstained | undefined;
  readonly batch: number;
  readonly latencyMs: number;
}

/** Those who want to know of every decision, synchronously. Costs nothing while there are none. */
export interface DecisionFeed<I, O> {
  readonly size: number;
  add(observer: (decision: DecisionRecord<I, O>) => void): () => void;
  tell(request: PendingRequest<I, O>, end: DecisionEnd<O>): void;
}

export function decisionFeed<I, O>(): DecisionFeed<I, O> {
  const observers = new Set<(decision: DecisionRecord<I, O>) => void>();
  return {
    get size() {
      return observers.size;
    },
    add(observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    tell(request, end) {
      const record = recordOf(request, end);
      for (const observer of observers) {
        try {
          observer(record);
        } catch (thrown) {
          // An observer's mistake is reported, and is not the request's.
          queueMicrotask(() => {
            throw thrown;
          });
        }
      }
    },
  };
}

function recordOf<I, O>(request: PendingRequest<I, O>, end: DecisionEnd<O>): DecisionRecord<I, O> {
  const { decisionId, context, route, arm, handle, shadow, time, input, error, degraded, cached } = request;
  const served = end.status === 'failed' ? undefined : handle;
  return {
    decisionId,
    unit: context.unit,
    armAssigned: route.arm,
    armServed: served === undefined ? undefined : arm,
    epoch: route.epoch,
    share: route.share,
    sticky: route.sticky,
    shadow,
    status: end.status,
    time,
    latencyMs: end.latencyMs,
    batch: end.batch,
    model: served?.model,
    digest: served?.digest,
    input,
    output: end.output,
    degraded,
    cached,
    error,
  };
}
