import { invalidInput } from '@millwright/core';
import type { Ledger } from '@millwright/core/ledger';
import type { EventExit } from '@millwright/registry/feed';
import { type CloudEventOptions, toCloudEvent } from '../cloudevents.js';
import { membersOf, redisFailed, type SendCommand } from './reply.js';

/** Where events go: a Redis stream. */
export interface RedisEventsOptions extends CloudEventOptions {
  /** Sends one command over a connection of yours. */
  readonly send: SendCommand;
  /** The stream, of one ledger alone. Default `millwright:events:` and the ledger's id. */
  readonly key?: string | undefined;
  /** How many events the stream keeps, about. Default all. */
  readonly maxLength?: number | undefined;
}

/**
 * Events as entries of a Redis stream (7 is tested). The entry of leaf 41 has the id `41-1`, which Redis takes once and in
 * order only: an event that is sent again is not added again, and the stream itself knows where to go on. Its fields: `id`
 * and `type` of the CloudEvent, and the whole of it as `event`.
 * @throws `storage/failed`; `input/invalid` for a stream that others write to
 * @example
 * await deliverEvents(registry.ledger, redisEvents({ send: (command) => client.sendCommand([...command]) }), { signal });
 */
export function redisEvents({ send, key, maxLength, source }: RedisEventsOptions): EventExit {
  const streamOf = ({ id }: Ledger) => key ?? `millwright:events:${id}`;

  async function cursor(ledger: Ledger): Promise<number> {
    const stream = streamOf(ledger);
    let reply: unknown;
    try {
      reply = await send(['XINFO', 'STREAM', stream]);
    } catch (cause) {
      if (cause instanceof Error && cause.message.includes('no such key')) return 0;
      throw redisFailed('tell what a stream has', cause);
    }
    const info = membersOf(reply);
    const last = String(info.get('last-generated-id'));
    if (last === '0-0') return 0;
    // Redis takes no id below the last one: in a stream with other ids events would be lost without a word.
    const leaf = Number(/^(\d+)-1$/.exec(last)?.[1] ?? Number.NaN);
    const entry = info.get('last-entry');
    const owner = Array.isArray(entry) ? String(membersOf(entry[1]).get('id')) : `${ledger.id}/`;
    if (!(leaf < ledger.head.size) || !owner.startsWith(`${ledger.id}/`))
      throw invalidInput('key', 'a stream with events of this ledger only', stream, 'Choose a key of its own.');
    return leaf + 1;
  }

  return {
    cursor,
    async send(event, ledger) {
      const cloud = toCloudEvent(ledger, event, { source });
      const trim = maxLength === undefined ? [] : ['MAXLEN', '~', String(maxLength)];
      const fields = ['id', cloud.id, 'type', cloud.type, 'event', JSON.stringify(cloud)];
      try {
        await send(['XADD', streamOf(ledger), ...trim, `${event.index}-1`, ...fields]);
      } catch (cause) {
        const known = cause instanceof Error && cause.message.includes('equal or smaller');
        if (!(known && (await cursor(ledger)) > event.index)) throw redisFailed('add an event', cause);
      }
    },
  };
}
