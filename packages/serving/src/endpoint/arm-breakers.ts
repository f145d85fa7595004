import { type CircuitBreaker, isFailure } from './circuit-breaker.js';
import type { PendingRequest } from './pending.js';

/** A breaker per arm. Without breakers everything may be asked, and nothing is kept. */
export interface ArmBreakers<I, O> {
  /** 0: the request's arm may be asked; otherwise milliseconds until it may. */
  ask(request: PendingRequest<I, O>): number;
  /** How the asking ended: with an answer, with an error, or (undefined error) unheard. Only the first telling counts. */
  answered(request: PendingRequest<I, O>): void;
  failed(request: PendingRequest<I, O>, error: unknown): void;
  left(request: PendingRequest<I, O>): void;
}

export function armBreakers<I, O>(make: ((arm: string) => CircuitBreaker) | undefined): ArmBreakers<I, O> {
  return make === undefined ? NO_BREAKERS : breakersOf(make);
}

function breakersOf<I, O>(make: (arm: string) => CircuitBreaker): ArmBreakers<I, O> {
  const breakers = new Map<string, CircuitBreaker>();

  function breakerOf(arm: string): CircuitBreaker {
    let breaker = breakers.get(arm);
    if (breaker === undefined) {
      breaker = make(arm);
      breakers.set(arm, breaker);
    }
    return breaker;
  }

  function tell(request: PendingRequest<I, O>, how: 'succeeded' | 'failed' | 'ignored'): void {
    if (!request.tries) return;
    request.tries = false;
    breakers.get(request.arm)?.ended(how);
  }

  return {
    ask(request) {
      const waitMs = breakerOf(request.arm).ask();
      request.tries = waitMs === 0;
      return waitMs;
    },
    answered: (request) => tell(request, 'succeeded'),
    failed: (request, error) => tell(request, isFailure(error) ? 'failed' : 'ignored'),
    left: (request) => tell(request, 'ignored'),
  };
}

const NO_BREAKERS: ArmBreakers<never, never> = {
  ask: () => 0,
  answered: () => undefined,
  failed: () => undefined,
  left: () => undefined,
};
