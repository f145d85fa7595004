import type { ObservationExchange, PublishedSums } from '@millwright/serving/rollout';
import { membersOf, redisFailed, type SendCommand } from './reply.js';

/** How Redis is reached, and what is kept there. */
export interface RedisExchangeOptions {
  readonly send: SendCommand;
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
      throw redisFailed(`${operation} the sums of a rollout`, error);
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
      return [...membersOf(reply)].map(([boot, field]): PublishedSums => {
        const value = String(field);
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
