import { invalidInput } from '@millwright/core';
import type { CloudEvent } from './envelope.js';

/** Headers and body of an HTTP request: `fetch(url, { method: 'POST', ...structured(event) })`. */
export interface HttpMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Structured mode: the whole event is the body. */
export function structured(event: CloudEvent): HttpMessage {
  return { headers: { 'content-type': `${STRUCTURED}; charset=utf-8` }, body: JSON.stringify(event) };
}

/** Batched mode: several events in one body. */
export function batched(events: readonly CloudEvent[]): HttpMessage {
  return {
    headers: { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' },
    body: JSON.stringify(events),
  };
}

/** Binary mode: the data is the body, everything else a header. */
export function binary(event: CloudEvent): HttpMessage {
  const { data, datacontenttype = 'application/json', ...attributes } = event;
  const headers: Record<string, string> = { 'content-type': datacontenttype };
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) headers[`ce-${name}`] = encoded(String(value));
  return { headers, body: data === undefined ? '' : JSON.stringify(data) };
}

/**
 * Reads an event that came over HTTP, in structured or in binary mode. Only JSON data is understood.
 * @throws `input/invalid` for what is no CloudEvent 1.0
 */
export function readCloudEvent(headers: Headers, body: string): CloudEvent {
  const type = headers.get('content-type') ?? '';
  if (type.startsWith(STRUCTURED)) return checked(parsed(body));
  if (headers.get('ce-specversion') === null)
    throw invalidInput('headers', `a content type ${STRUCTURED}, or ce- headers`, type);
  if (!/^application\/(?:[a-z0-9.-]+\+)?json\b/i.test(type)) throw invalidInput('content-type', 'JSON', type);
  const attributes: Record<string, string> = {};
  headers.forEach((value, name) => {
    if (name.startsWith('ce-')) attributes[name.slice('ce-'.length)] = decoded(value);
  });
  const data = body === '' ? {} : { data: parsed(body) };
  return checked({ ...attributes, datacontenttype: type, ...data });
}

const STRUCTURED = 'application/cloudevents+json';

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw invalidInput('body', 'JSON', `${body.length} characters that are not`);
  }
}

function checked(event: unknown): CloudEvent {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw invalidInput('body', 'a CloudEvent', event);
  const attributes = new Map<string, unknown>(Object.entries(event));
  if (attributes.get('specversion') !== '1.0')
    throw invalidInput('specversion', '`1.0`', attributes.get('specversion'));
  for (const [name, value] of attributes) {
    if (!/^[a-z0-9]{1,64}$/.test(name) && name !== 'data_base64')
      throw invalidInput('attribute', 'lower-case letters and digits', name);
    const plain = ['string', 'number', 'boolean'].includes(typeof value);
    if (name !== 'data' && !plain) throw invalidInput(name, 'a text, a number or a boolean', value);
  }
  for (const name of ['id', 'source', 'type']) {
    const value = attributes.get(name);
    if (typeof value !== 'string' || value === '') throw invalidInput(name, 'a text that is not empty', value);
  }
  const time = attributes.get('time');
  if (time !== undefined && (typeof time !== 'string' || !RFC3339.test(time) || Number.isNaN(Date.parse(time))))
    throw invalidInput('time', 'a time of RFC 3339', time);
  return event as CloudEvent;
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** HTTP Protocol Binding 1.0.2, 3.1.3.2: spaces, quotes, percent signs and what is not printable ASCII, as UTF-8. */
function encoded(value: string): string {
  return value.replace(/[^!#$&-~]+/gu, encodeURIComponent);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalidInput('header', 'percent-encoded UTF-8', value);
  }
}
