import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { type NatsServer, natsMissing, startNats } from '../../../../test/services/nats.js';
import { natsEvents } from '../../src/nats.js';
import { eventExitCases } from '../support/event-cases.js';
import { eventsOf, ledgerOf } from '../support/events.js';

describeService('events in NATS JetStream', natsMissing(), () => {
  let server: NatsServer;
  let connection: NatsConnection;
  const stream = 'FACTORY';
  beforeAll(async () => {
    server = await startNats();
    connection = await connect({ servers: server.address });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: stream, subjects: ['millwright.>', 'other.>'] });
  });
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  });

  eventExitCases(
    () => ({ kind: 'nats', address: server.address, stream }),
    async ({ id }) => {
      const manager = await jetstreamManager(connection);
      const { name } = await manager.consumers.add(stream, {
        ack_policy: AckPolicy.None,
        filter_subject: `millwright.${id}.>`,
      });
      const consumer = await jetstream(connection).consumers.get(stream, name);
      const events = [];
      for await (const message of await consumer.fetch({ max_messages: 1_000, expires: 1_000 })) {
        events.push(message.json<{ id: string; specversion: '1.0'; type: string; source: string }>());
        if (message.info.pending === 0) break;
      }
      return events;
    },
  );

  test('the subject tells the type, and the message id drops what comes twice', async () => {
    const ledger = await ledgerOf(0);
    const exit = natsEvents({ jetstream: jetstream(connection), stream });
    const [event] = await eventsOf(ledger);
    for (let i = 0; i < 3; i++) await exit.send(event!, ledger);
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info(stream, { subjects_filter: `millwright.${ledger.id}.>` });
    expect(state.subjects).toEqual({ [`millwright.${ledger.id}.ledger.created`]: 1 });
  });

  test('a foreign message under its subject, and a stream that is not there, are failures', async () => {
    const ledger = await ledgerOf(0);
    const js = jetstream(connection);
    const exit = natsEvents({ jetstream: js, stream, subject: 'other' });
    const { id } = ledger;
    await js.publish(`other.${id}.x`, JSON.stringify({ specversion: '1.0', id: 'else/4', source: 'x', type: 'x' }));
    await expect(exit.cursor?.(ledger)).rejects.toMatchObject({ code: 'input/invalid' });
    const nowhere = natsEvents({ jetstream: js, stream: 'NOWHERE', subject: 'nowhere' });
    await expect(nowhere.cursor?.(ledger)).rejects.toMatchObject({ code: 'storage/failed' });
    const [event] = await eventsOf(ledger);
    await expect(nowhere.send(event!, ledger)).rejects.toMatchObject({ code: 'storage/failed' });
  });
});
