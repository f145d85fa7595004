import type { JsonObject } from '@millwright/core';
import type { Ledger, LedgerEvent } from '@millwright/core/ledger';
import { type WatchOptions, watchEvents } from '@millwright/registry/feed';

/** A CloudEvent of the specification 1.0, JSON in it. */
export interface CloudEvent<D = unknown> {
  readonly specversion: '1.0';
  /** Unique for its source: an event that comes twice has the same one. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  readonly data?: D;
  /** Extensions: lower-case letters and digits. */
  readonly [extension: string]: unknown;
}

/** How ledger events present themselves to systems that read CloudEvents 1.0. */
export interface CloudEventOptions {
  /** A URI for the ledger, such as your service's address. Default `urn:millwright:ledger:` and its id. */
  readonly source?: string | undefined;
}

/**
 * An event of the ledger as a CloudEvent: `millwright.alias.moved`, with who acted as the extension `actor` and the entry as
 * `sequence`, twelve digits, so that it sorts as text. The id is that of webhooks: whoever gets both knows it is one event.
 */
export function toCloudEvent(
  ledger: Pick<Ledger, 'id'>,
  { type, data, index, time, actor }: LedgerEvent,
  { source = `urn:millwright:ledger:${ledger.id}` }: CloudEventOptions = {},
): CloudEvent<JsonObject> {
  const subject = subjectOf(data);
  return {
    specversion: '1.0',
    id: `${ledger.id}/${index}`,
    source,
    type: `millwright.${type}`,
    ...(subject === undefined ? {} : { subject }),
    time: new Date(time).toISOString(),
    datacontenttype: 'application/json',
    actor,
    sequence: String(index).padStart(12, '0'),
    data,
  };
}

/** The ledger's events from a cursor on, as `watchEvents` gives them. */
export async function* cloudEvents(
  ledger: Ledger,
  options: WatchOptions & CloudEventOptions = {},
): AsyncGenerator<CloudEvent<JsonObject>, void, undefined> {
  for await (const event of watchEvents(ledger, options)) yield toCloudEvent(ledger, event, options);
}

/** What the event is about, from the most particular to the most general. */
function subjectOf(data: JsonObject): string | undefined {
  for (const key of ['rollout', 'review', 'version', 'run', 'model', 'name']) {
    const value = data[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
