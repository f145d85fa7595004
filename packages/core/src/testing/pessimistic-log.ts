import { MillwrightError } from '../foundation/errors.js';
import type { Random } from '../foundation/random.js';
import type { AppendOutcome, LogHead, LogStore } from '../storage/types.js';

/** How often which thing goes wrong. */
export interface PessimisticOptions {
  /** Decides when; a seeded one repeats the same story. */
  readonly random: Random;
  /** Share of appends that answer `conflict` though nobody wrote (as S3's 409). Default 0. */
  readonly conflict?: number | undefined;
  /** Share of appends that happen but answer `unknown`. Default 0. */
  readonly lostResponse?: number | undefined;
  /** Share of appends that do not happen and answer `unknown`. Default 0. */
  readonly lostRequest?: number | undefined;
  /** Share of `head` answers that are one or more commits old. Default 0. */
  readonly staleHead?: number | undefined;
  /** Called before every operation: waits on a virtual clock, or throws to imitate an outage. */
  readonly before?: ((operation: 'head' | 'append' | 'read') => Promise<void> | void) | undefined;
}

/** A log that behaves as networks do: everything that `LogStore` allows happens, at the given rates. */
export function pessimisticLog(log: LogStore, options: PessimisticOptions): LogStore {
  const { random, conflict = 0, lostResponse = 0, lostRequest = 0, staleHead = 0, before } = options;
  let seen: LogHead | undefined;

  const append: LogStore['append'] = async (commit, o): Promise<AppendOutcome> => {
    await before?.('append');
    const draw = random.next();
    if (draw < conflict) {
      const head = await log.head(o);
      if (head !== undefined) return { kind: 'conflict', head };
    } else if (draw < conflict + lostRequest) {
      return { kind: 'unknown', cause: lost('request') };
    } else if (draw < conflict + lostRequest + lostResponse) {
      await log.append(commit, o);
      return { kind: 'unknown', cause: lost('response') };
    }
    return log.append(commit, o);
  };

  return {
    id: `pessimistic ${log.id}`,
    capabilities: log.capabilities,
    async head(o) {
      await before?.('head');
      if (random.next() < staleHead) return seen;
      seen = await log.head(o);
      return seen;
    },
    append,
    async *read(range, o) {
      await before?.('read');
      yield* log.read(range, o);
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

function lost(what: 'request' | 'response'): MillwrightError<'storage/failed'> {
  return new MillwrightError('storage/failed', `The ${what} was lost, as this log was told to do.`, {
    details: { store: 'pessimistic', operation: 'append' },
  });
}
