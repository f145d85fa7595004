import { type Clock, isMillwrightError, MillwrightError, type Random, sleep } from '@millwright/core';
import { latencyHistogram } from '@millwright/core/telemetry';
import type { CallEnd, Limiter } from './limiter.js';

export interface AttemptsOptions {
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly random: Random;
  /** Share of calls that may be tried again. */
  readonly retryShare: number;
  /** Share of calls that may be sent a second time because the first is slow. */
  readonly hedgeShare: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** False: a call that may have had an effect is sent once. */
  readonly idempotent: boolean;
}

/** Makes one call out of attempts: limited, timed, tried again and hedged within budgets. */
export interface Attempts {
  /** @throws what the last attempt threw, `serving/deadline`, `serving/overloaded`, or the signal's reason */
  call<T>(attempt: (signal: AbortSignal) => Promise<T>, options: CallOptions): Promise<T>;
  readonly stats: { readonly calls: number; readonly retries: number; readonly hedges: number };
}

/**
 * Tried again is only what got no answer at all or was turned away, and is idempotent, while there is time and budget: a service that is down gets a tenth more calls, not three times as many. An idempotent call that takes
 * longer than 95 of 100 do is sent once more, and the first answer counts (Dean and Barroso 2013, hedged requests).
 */
export function attempts(options: AttemptsOptions): Attempts {
  const { limiter, clock, random } = options;
  const latency = latencyHistogram();
  const retries = budget(options.retryShare);
  const hedges = budget(options.hedgeShare);
  const stats = { calls: 0, retries: 0, hedges: 0 };

  async function call<T>(attempt: (signal: AbortSignal) => Promise<T>, o: CallOptions): Promise<T> {
    stats.calls++;
    retries.earn();
    hedges.earn();
    const endsAt = clock.monotonic() + o.timeoutMs;
    const { signal, stop } = deadlineSignal(o, clock);
    try {
      for (let tried = 0; ; tried++) {
        // Too many calls of our own are no reason to make more.
        const give = await limiter.acquire({ signal });
        try {
          return await (o.idempotent ? hedged : once)(attempt, signal, give);
        } catch (error) {
          signal.throwIfAborted();
          if (!o.idempotent || !isRetryable(error)) throw error;
          const waitMs = Math.max(waitAsked(error), random.next() * Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tried));
          if (tried >= MAX_RETRIES || clock.monotonic() + waitMs >= endsAt || !retries.spend()) throw error;
          stats.retries++;
          await sleep(clock, waitMs, signal);
        }
      }
    } finally {
      stop();
    }
  }

  /** One attempt, and a second one when the first is slow. */
  async function hedged<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    give: (end: CallEnd) => void,
  ): Promise<T> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const racing = [once(attempt, either, give)];
    let cancel = () => {};
    const slow = new Promise<T>((resolve, reject) => {
      if (latency.count < LEARNING) return;
      cancel = clock.schedule(latency.quantile(0.95), () => {
        // Only a place that is free now: a hedge must never be what overloads.
        const second = limiter.tryAcquire();
        if (second === undefined) return;
        if (!hedges.spend()) return second('other');
        stats.hedges++;
        racing.push(once(attempt, either, second));
        firstOf(racing).then(resolve, reject);
      });
    });
    try {
      // The first attempt ends the call unless a second is under way, which may still answer.
      const first = racing[0]!.catch((error: unknown) => (racing.length > 1 ? slow : Promise.reject(error)));
      return await Promise.race([first, slow]);
    } finally {
      cancel();
      done.abort(LOST);
    }
  }

  async function once<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    give: (end: CallEnd) => void,
  ): Promise<T> {
    const startedAt = clock.monotonic();
    try {
      const answer = await attempt(signal);
      latency.record(clock.monotonic() - startedAt);
      give('answered');
      return answer;
    } catch (error) {
      give(isMillwrightError(error, 'serving/overloaded') ? 'overloaded' : 'other');
      throw error;
    }
  }

  return { call, stats };
}

/** True where no answer came at all, or the other service turned the request away. */
function isRetryable(error: unknown): boolean {
  if (isMillwrightError(error, 'serving/overloaded')) return true;
  return isMillwrightError(error, 'serving/remote-failed') && error.details.status === undefined;
}

function waitAsked(error: unknown): number {
  return isMillwrightError(error, 'serving/overloaded') ? error.details.retryAfterMs : 0;
}

/** Answers when any does; rejects as the first did when all have failed. */
async function firstOf<T>(racing: readonly Promise<T>[]): Promise<T> {
  try {
    return await Promise.any(racing);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

/** A share of calls as a token bucket: a call earns a share of a token, ten are kept for bad times. */
function budget(share: number): { earn(): void; spend(): boolean } {
  let tokens = share > 0 ? RESERVE : 0;
  return {
    earn() {
      tokens = Math.min(RESERVE, tokens + share);
    },
    spend() {
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}

/**
 * The caller's signal with the call's own time limit. Not `AbortSignal.any`: Node 20 never forgets what depends on a signal,
 * and a service may use one for all its calls.
 */
function deadlineSignal(
  { signal, timeoutMs }: CallOptions,
  clock: Clock,
): { readonly signal: AbortSignal; stop(): void } {
  const either = new AbortController();
  const expired = () =>
    either.abort(
      new MillwrightError('serving/deadline', `No answer within ${timeoutMs} ms.`, {
        details: { deadlineMs: timeoutMs, stage: 'remote' },
      }),
    );
  const aborted = () => either.abort(signal?.reason);
  const cancel = clock.schedule(timeoutMs, expired);
  if (signal?.aborted) aborted();
  else signal?.addEventListener('abort', aborted, { once: true });
  const stop = () => {
    cancel();
    signal?.removeEventListener('abort', aborted);
  };
  return { signal: either.signal, stop };
}

/** Answers that are measured before a call can be called slow. */
const LEARNING = 20;
const RESERVE = 10;
const MAX_RETRIES = 3;
const FIRST_WAIT_MS = 25;
const MAX_WAIT_MS = 1_000;
const LOST = new DOMException('Another attempt has answered.', 'AbortError');
