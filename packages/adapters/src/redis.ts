import { MillwrightError } from '@millwright/core';
import type { ObservationExchange, PublishedSums } from '@millwright/serving/rollout';

/** How Redis is reached, and what is kept there. */
export interface RedisExchangeOptions {
  /**
   * Sends one command. `(command) => client.sendCommand([...command])` for `redis`,
   * `([name, ...rest]) => client.call(name, ...rest)` for `ioredis`.
   */
  readonly send: (command: readonly [string, ...string[]]) => PromiseLike<unknown>;
  /** Before the rollout's id in the key. Default `millwright:rollout:`. */
  readonly prefix?: string | undefined;
  /** How long sums stay after the last was published, in milliseconds. Default 30 days. */
  readonly keepMs?: number | undefined;
}

/**
 * Sums of rollouts in Redis (7 is tested): one hash per rollout, one field per start of a process, replaced by higher numbers
 * only. Exact, so they count for every verdict. Redis may lose them: what led to a verdict is written to the ledger.
 * @example
 * await startRollout(registry, endpoint, plan, { exchange: redisExchange({ send: (command) => client.sendCommand([...command]) }) });
 */
export function redisExchange(options: RedisExchangeOptions): ObservationExchange {
  const { send, prefix = 'millwright:rollout:', keepMs = 30 * 86_400_000 } = options;
  const run = async (operation: string, command: readonly [string, ...string[]]) => {
    try {
      return await send(command);
    } catch (error) {
      throw failed(operation, error);
    }
  };
  return {
    exact: true,
    async publish(rollout, { boot, number, epochs }) {
      const value = `${number}:${JSON.stringify(epochs)}`;
      await run('publish', ['EVAL', REPLACE, '1', prefix + rollout, boot, value, String(keepMs)]);
    },
    async read(rollout) {
      const reply = await run('read', ['HGETALL', prefix + rollout]);
      return pairsOf(reply).map(([boot, value]): PublishedSums => {
        const cut = value.indexOf(':');
        return { boot, number: Number(value.slice(0, cut)), epochs: JSON.parse(value.slice(cut + 1)) };
      });
    },
  };
}

/** In one step, so that a message that was held up cannot undo a newer one. */
const REPLACE = `
local function number(value) return tonumber(string.match(value, '^%d+')) end
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known or number(known) < number(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`;

/** Protocol 2 answers with a flat list, protocol 3 and some clients with a map. */
function pairsOf(reply: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(reply)) {
    const texts = reply.map(String);
    return texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1] ?? ''] as const] : []));
  }
  const entries = reply instanceof Map ? [...reply] : Object.entries(reply ?? {});
  return entries.map(([key, value]) => [String(key), String(value)] as const);
}

function failed(operation: string, cause: unknown): MillwrightError<'storage/failed'> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillwrightError('storage/failed', `Redis could not ${operation} the sums of a rollout: ${reason}`, {
    details: { store: 'redis', operation },
    cause,
  });
}
