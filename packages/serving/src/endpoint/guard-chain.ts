import type { Abstained, Guard } from '../guard/types.js';

/** Guards one after the other: the first that has a reason to abstain ends it. */
export interface GuardChain<I, O> {
  readonly size: number;
  input(input: I): Abstained | undefined;
  output(output: O, input: I): Abstained | undefined;
}

export function guardChain<I, O>(guards: readonly Guard<I, O>[]): GuardChain<I, O> {
  function first(ask: (guard: Guard<I, O>) => string | undefined): Abstained | undefined {
    for (const guard of guards) {
      let reason: string | undefined;
      try {
        reason = ask(guard);
      } catch (error) {
        // A guard that cannot say yes has not said yes.
        reason = `The guard failed: ${error instanceof Error ? error.message : String(error)}`;
      }
      if (reason !== undefined) return { abstained: true, guard: guard.name, reason };
    }
    return undefined;
  }

  return {
    size: guards.length,
    input: (input) => (guards.length === 0 ? undefined : first((guard) => guard.input?.(input))),
    output: (output, input) => (guards.length === 0 ? undefined : first((guard) => guard.output?.(output, input))),
  };
}
