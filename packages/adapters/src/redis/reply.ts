import type { MillwrightError } from '@millwright/core';
import { storeFailed } from '../shared/store-work.js';

/**
 * Sends one command. `(command) => client.sendCommand([...command])` for `redis`,
 * `([name, ...rest]) => client.call(name, ...rest)` for `ioredis`.
 */
export type SendCommand = (command: readonly [string, ...string[]]) => PromiseLike<unknown>;

/** The members of a reply: protocol 2 answers with a flat list, protocol 3 and some clients with a map. */
export function membersOf(reply: unknown): ReadonlyMap<string, unknown> {
  if (Array.isArray(reply))
    return new Map(reply.flatMap((key, i) => (i % 2 === 0 ? [[String(key), reply[i + 1]] as const] : [])));
  const entries = reply instanceof Map ? [...reply] : Object.entries(reply ?? {});
  return new Map(entries.map(([key, value]) => [String(key), value] as const));
}

/** The failure of a command, with what it was for: `read the sums of a rollout`. */
export function redisFailed(operation: string, cause: unknown): MillwrightError<'storage/failed'> {
  return storeFailed('Redis', operation, cause);
}
