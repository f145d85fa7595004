import { decodeUtf8, invalidInput, isMillwrightError } from '@millwright/core';
import type { Ledger } from '@millwright/core/ledger';
import type { EventExit } from '@millwright/registry/feed';
import { type CloudEventOptions, readCloudEvent, toCloudEvent } from './cloudevents.js';
import { storeFailed } from './shared/store-work.js';

/** The part of a JetStream client (`@nats-io/jetstream` 3) that is used. Taken structurally; nothing is imported. */
export interface JetStream {
  publish(subject: string, payload: string, options: { readonly msgID: string }): Promise<unknown>;
  jetstreamManager(): Promise<{
    readonly streams: {
      getMessage(
        stream: string,
        query: { readonly last_by_subj: string },
      ): Promise<{ readonly data: Uint8Array } | null>;
    };
  }>;
}

/** Where events go: a JetStream stream, a subject per type of event. */
export interface NatsEventsOptions extends CloudEventOptions {
  /** Of a connection of yours, which is not closed. */
  readonly jetstream: JetStream;
  /** The stream that takes the subjects. It must exist. */
  readonly stream: string;
  /** Before the ledger's id and the event's type in the subject. Default `millwright`. */
  readonly subject?: string | undefined;
}

/**
 * Events as messages of a JetStream stream (NATS 2.9 is tested), each a CloudEvent in JSON under the subject
 * `millwright.<ledger>.alias.moved`. The message id is the event's id: within the stream's `duplicate_window` the server
 * drops what comes twice. The last message tells where to go on, so keep at least one.
 * @throws `storage/failed`; `input/invalid` when the last message is not of this ledger
 * @example
 * const exit = natsEvents({ jetstream: jetstream(connection), stream: 'FACTORY' });
 * await deliverEvents(registry.ledger, exit, { signal });
 */
export function natsEvents({ jetstream, stream, subject = 'millwright', source }: NatsEventsOptions): EventExit {
  return {
    async cursor(ledger) {
      const last_by_subj = `${subject}.${ledger.id}.>`;
      const last = await asking('tell what a stream has', async () => {
        const { streams } = await jetstream.jetstreamManager();
        return streams.getMessage(stream, { last_by_subj });
      });
      return last === null ? 0 : leafOf(ledger, decodeUtf8(last.data), last_by_subj) + 1;
    },
    async send(event, ledger) {
      const cloud = toCloudEvent(ledger, event, { source });
      const to = `${subject}.${ledger.id}.${event.type}`;
      await asking('take an event', () => jetstream.publish(to, JSON.stringify(cloud), { msgID: cloud.id }));
    },
  };
}

function leafOf(ledger: Ledger, body: string, subject: string): number {
  const { id } = readCloudEvent(new Headers({ 'content-type': 'application/cloudevents+json' }), body);
  const [owner, leaf] = id.split('/');
  if (owner !== ledger.id || !(Number(leaf) < ledger.head.size))
    throw invalidInput('subject', 'subjects with events of this ledger only', subject);
  return Number(leaf);
}

async function asking<T>(operation: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw isMillwrightError(cause) ? cause : storeFailed('NATS', operation, cause);
  }
}
