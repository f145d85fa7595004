import { virtualClock } from '@millwright/core/testing';
import { deliverEvents } from '@millwright/registry/feed';
import { CloudEvent, Kafka, type KafkaMessage } from 'cloudevents';
import { expect, test } from 'vitest';
import { type KafkaProducer, kafkaEvents } from '../../src/kafka.js';
import { eventIds, ledgerOf, write } from '../support/events.js';

type Message = Parameters<KafkaProducer['send']>[0]['messages'][number];

test('records are structured CloudEvents under the key of their ledger, as the reference library reads them', async () => {
  const ledger = await ledgerOf(2);
  const topic: Message[] = [];
  const stop = new AbortController();
  const producer: KafkaProducer = {
    async send({ topic: name, messages }) {
      expect(name).toBe('factory');
      topic.push(...messages);
      if (topic.length === 3) stop.abort();
    },
  };
  await deliverEvents(ledger, kafkaEvents({ producer, topic: 'factory' }), { from: 0, signal: stop.signal });
  expect(new Set(topic.map(({ key }) => key))).toEqual(new Set([ledger.id]));
  const records = topic.map(({ headers, value, key }): KafkaMessage<string> => ({ headers, value, key, body: value }));
  const read = records.map((record) => Kafka.toEvent(record));
  expect(read.map((event) => event instanceof CloudEvent && event.validate())).toEqual([true, true, true]);
  expect(read).toMatchObject((await eventIds(ledger)).map((id) => ({ id })));
});

test('after a lost answer and a death before the cursor was stored, events come again, and none is missing', async () => {
  const ledger = await ledgerOf(4);
  const [a, b, c, d, e] = await eventIds(ledger);
  const ids: string[] = [];
  let stored = 0;
  const live = async (die: (delivered: number) => boolean, lose: (sent: number) => boolean) => {
    const stop = new AbortController();
    const clock = virtualClock(0);
    let sent = 0;
    let delivered = 0;
    const producer: KafkaProducer = {
      async send({ messages }) {
        for (const { value } of messages) ids.push(JSON.parse(value).id);
        if (lose(++sent)) throw new Error('request timed out');
      },
    };
    const exit = kafkaEvents({ producer, topic: 'factory' });
    await deliverEvents(ledger, exit, {
      from: stored,
      signal: stop.signal,
      clock,
      onFailed: () => queueMicrotask(() => void clock.advance(1_000)),
      onDelivered(cursor) {
        if (die(++delivered)) return stop.abort();
        stored = cursor;
        if (cursor === ledger.head.size) stop.abort();
      },
    });
  };
  await live(
    (delivered) => delivered === 3,
    (sent) => sent === 2,
  );
  expect(ids).toEqual([a, b, b, c]);
  await live(
    () => false,
    () => false,
  );
  expect(ids.slice(4)).toEqual([c, d, e]);
  expect(stored).toBe(ledger.head.size);
});

test('an exit that cannot tell where it is starts with what comes', async () => {
  const ledger = await ledgerOf(3);
  const ids: string[] = [];
  const stop = new AbortController();
  const producer: KafkaProducer = {
    async send({ messages }) {
      ids.push(JSON.parse(messages[0]!.value).id);
      stop.abort();
    },
  };
  const delivering = deliverEvents(ledger, kafkaEvents({ producer, topic: 'factory' }), { signal: stop.signal });
  await write(ledger, 1);
  await delivering;
  expect(ids).toEqual((await eventIds(ledger)).slice(-1));
});
