import type { EventExit } from '@millwright/registry/feed';
import { type CloudEventOptions, structured, toCloudEvent } from './cloudevents.js';

/** The part of a producer that is used: `kafkajs`, or `KafkaJS` of `@confluentinc/kafka-javascript`. Nothing is imported. */
export interface KafkaProducer {
  send(record: {
    topic: string;
    messages: { key: string; value: string; headers: Record<string, string> }[];
  }): Promise<unknown>;
}

/** Where events go: a producer of `kafkajs` or of `@confluentinc/kafka-javascript`, and a topic. */
export interface KafkaEventsOptions extends CloudEventOptions {
  /** A connected producer that waits for all replicas (the default of both libraries); make it idempotent. */
  readonly producer: KafkaProducer;
  /** It must exist, unless the cluster makes topics by itself. */
  readonly topic: string;
}

/**
 * Events as records of a Kafka topic: structured CloudEvents, with the ledger's id as key, so that one partition holds a
 * ledger in order. Kafka does not tell a producer what it has: store the cursor that `onDelivered` gives, and pass it as
 * `from`. Receivers know an event that comes twice by its id.
 * @example
 * const exit = kafkaEvents({ producer, topic: 'factory' });
 * await deliverEvents(registry.ledger, exit, { from: await loadCursor(), onDelivered: saveCursor, signal });
 */
export function kafkaEvents({ producer, topic, source }: KafkaEventsOptions): EventExit {
  return {
    send(event, ledger) {
      const { headers, body } = structured(toCloudEvent(ledger, event, { source }));
      return producer.send({ topic, messages: [{ key: ledger.id, value: body, headers: { ...headers } }] });
    },
  };
}
