import { type Clock, defined, isMillwrightError, systemClock } from '@millwright/core';

/** Keeps calls from something that fails most of the time, and tries it again by and by. */
export interface CircuitBreaker {
  readonly state: 'closed' | 'open' | 'halfOpen';
  /** 0: go on, and tell how it `ended`. Otherwise milliseconds until it makes sense to try. */
  ask(): number;
  /** `ignored`: says nothing about the other side (aborted, overloaded, a bad request). */
  ended(how: 'succeeded' | 'failed' | 'ignored'): void;
}

/** When an arm counts as broken, and how it gets another chance. */
export interface CircuitBreakerOptions {
  /** Share of the last calls that may fail. Default 0.5. */
  readonly threshold?: number | undefined;
  /** How many calls are looked back at; fewer prove nothing. Default 20. */
  readonly window?: number | undefined;
  /** How long nothing is asked. Doubles each time a trial fails, up to a minute. Default 5,000. */
  readonly openMs?: number | undefined;
  /** Trials that must succeed, one at a time, before everything goes on. Default 3. */
  readonly trials?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * A circuit breaker over the last calls (Nygard, Release It!, 2007): closed, open, half open. A state machine on a clock
 * that is given; the maintained libraries have the platform's clock inside and wrap calls in promises, of which a
 * request here makes one.
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  const { threshold, window, openMs, trials, clock } = { ...DEFAULTS, ...defined(options) };
  const recent = new Uint8Array(window);
  let calls = 0;
  let failures = 0;
  let state: CircuitBreaker['state'] = 'closed';
  let waitMs = openMs;
  let openUntil = 0;
  let passed = 0;
  let trying = false;

  function open(): void {
    state = 'open';
    openUntil = clock.monotonic() + waitMs;
    waitMs = Math.min(2 * waitMs, Math.max(openMs, LONGEST_MS));
    trying = false;
  }

  function close(): void {
    state = 'closed';
    waitMs = openMs;
    calls = 0;
    failures = 0;
    recent.fill(0);
  }

  function note(failed: number): void {
    const at = calls++ % window;
    failures += failed - recent[at]!;
    recent[at] = failed;
    // An answer never opens it, even one that completes the window.
    if (failed === 1 && calls >= window && failures > threshold * window) open();
  }

  function tried(how: 'succeeded' | 'failed' | 'ignored'): void {
    trying = false;
    if (how === 'failed') open();
    else if (how === 'succeeded' && ++passed >= trials) close();
  }

  return {
    get state() {
      return state;
    },
    ask() {
      if (state === 'closed') return 0;
      const leftMs = openUntil - clock.monotonic();
      if (state === 'open' && leftMs > 0) return leftMs;
      if (state === 'open') {
        state = 'halfOpen';
        passed = 0;
      }
      if (trying) return TRIAL_MS;
      trying = true;
      return 0;
    },
    ended(how) {
      // Calls from before it opened end while it is open, and are not its trials.
      if (state === 'closed' && how !== 'ignored') note(how === 'failed' ? 1 : 0);
      else if (state === 'halfOpen' && trying) tried(how);
    },
  };
}

/** True for an error that says something about who was asked: not for a bad request, a full queue or a caller who left. */
export function isFailure(error: unknown): boolean {
  return !isMillwrightError(error) || FAILURES.has(error.code);
}

const FAILURES: ReadonlySet<string> = new Set([
  'serving/model-failed',
  'serving/engine-crashed',
  'serving/remote-failed',
  'serving/deadline',
]);

const DEFAULTS = {
  threshold: 0.5,
  window: 20,
  openMs: 5_000,
  trials: 3,
  clock: systemClock,
} satisfies CircuitBreakerOptions;

const LONGEST_MS = 60_000;
/** When to come back while one trial is under way. */
const TRIAL_MS = 100;
