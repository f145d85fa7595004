import {
  abortable,
  type Clock,
  invalidInput,
  type Predictor,
  type RequestContext,
  sleep,
  systemClock,
} from '@millwright/core';

/** The part of an OpenFeature client that is used; clients of any vendor's provider have it. */
export interface FlagClient {
  getStringValue(flag: string, fallback: string, context: FlagContext): Promise<string>;
}

export interface FlagContext {
  readonly targetingKey?: string;
  readonly [attribute: string]: string | number | boolean;
}

/** A flag whose value names the arm that answers. */
export interface FlagRouterOptions<I, O> {
  /** `OpenFeature.getClient()`. */
  readonly client: FlagClient;
  /** Key of a flag with string values. */
  readonly flag: string;
  /** What answers, by the values of the flag. */
  readonly arms: Readonly<Record<string, Predictor<I, O>>>;
  /** The arm for everything that goes wrong with the flag. */
  readonly fallback: string;
  /** How long the flag's provider may take. Default 50. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Called with every request that got the fallback because the flag had no usable value. */
  readonly onFallback?: ((why: { readonly value?: string; readonly error?: unknown }) => void) | undefined;
}

/**
 * Routes by a flag of any OpenFeature provider: for teams that keep their rollouts where their other flags are. The unit
 * is the `targetingKey`. A provider that is slow, fails or names no arm gets the fallback, and the request goes on.
 * @throws `input/invalid` when the fallback is no arm
 */
export function flagRouter<I, O>(options: FlagRouterOptions<I, O>): Predictor<I, O> {
  const { client, flag, fallback, timeoutMs = 50, clock = systemClock, onFallback } = options;
  const arms = new Map(Object.entries(options.arms));
  const safe = arms.get(fallback);
  if (safe === undefined) throw invalidInput('fallback', `one of ${[...arms.keys()].join(', ')}`, fallback);

  async function armOf({ unit, attributes, signal }: RequestContext): Promise<Predictor<I, O>> {
    const inTime = new AbortController();
    try {
      const context = { ...attributes, ...(unit === undefined ? {} : { targetingKey: unit }) };
      // Ended by us when the flag was in time, which is no error.
      const late = sleep(clock, timeoutMs, inTime.signal).then(nothing, nothing);
      const value = await abortable(Promise.race([client.getStringValue(flag, fallback, context), late]), signal);
      const arm = value === undefined ? undefined : arms.get(value);
      if (arm === undefined) onFallback?.(value === undefined ? {} : { value });
      return arm ?? safe!;
    } catch (error) {
      if (signal?.aborted === true) throw error;
      onFallback?.({ error });
      return safe!;
    } finally {
      inTime.abort();
    }
  }

  return { predict: async (input, context) => (await armOf(context)).predict(input, context) };
}

const nothing = () => undefined;
