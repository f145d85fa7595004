import { HTTP, CloudEvent as PeerEvent } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batched,
  binary,
  type CloudEvent,
  cloudEvents,
  type HttpMessage,
  readCloudEvent,
  structured,
  toCloudEvent,
} from '../../src/cloudevents.js';
import { factory } from '../http/support.js';

const event: CloudEvent = {
  specversion: '1.0',
  id: 'a/1',
  source: 'urn:x',
  type: 'millwright.alias.moved',
  time: '2026-01-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  actor: 'Zoë "100%"',
  data: { reason: 'ünï' },
};

describe('events of the ledger', () => {
  it('become CloudEvents that the reference library accepts', async () => {
    const { registry } = await factory();
    const stop = new AbortController();
    const events: CloudEvent[] = [];
    for await (const each of cloudEvents(registry.ledger, { from: 0, signal: stop.signal })) {
      events.push(each);
      if (each.type === 'millwright.alias.moved') stop.abort();
    }
    for (const each of events) expect(new PeerEvent(each, true).validate()).toBe(true);
    const sequences = events.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted());
    expect(events.at(-1)).toMatchObject({
      id: `${registry.ledger.id}/${Number(sequences.at(-1))}`,
      source: `urn:millwright:ledger:${registry.ledger.id}`,
      type: 'millwright.alias.moved',
      subject: 'fraud',
      actor: 'factory',
      time: expect.stringMatching(/^2026-01-01T00:00:00/),
    });
  });

  it('have the source that the application gives', async () => {
    const { registry } = await factory();
    for await (const each of registry.ledger.read()) {
      const made = toCloudEvent(registry.ledger, each, { source: 'https://example.org/factory' });
      expect(made.source).toBe('https://example.org/factory');
    }
  });
});

describe('HTTP', () => {
  it('structured and binary messages are what the reference library reads', () => {
    const read = (message: HttpMessage) =>
      JSON.parse(JSON.stringify(HTTP.toEvent({ headers: { ...message.headers }, body: message.body })));
    expect(read(structured(event))).toEqual(event);
    // The library leaves binary headers percent-encoded (version 10.0).
    expect(read(binary(event))).toEqual({ ...event, actor: 'Zo%C3%AB%20%22100%25%22' });
    expect(JSON.parse(batched([event, event]).body)).toEqual([event, event]);
  });

  it('messages of the reference library are read', () => {
    const theirs = new PeerEvent({ ...event, actor: 'zoe' });
    for (const { headers, body } of [HTTP.structured(theirs), HTTP.binary(theirs)]) {
      const given = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
      const { datacontenttype, ...read } = readCloudEvent(new Headers(given), String(body));
      expect(datacontenttype).toMatch(/^application\/json/);
      const { datacontenttype: _, ...expected } = { ...event, actor: 'zoe' };
      expect(read).toEqual(expected);
    }
  });

  it('headers carry any text there and back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (actor) => {
        const { headers, body } = binary({ ...event, actor });
        expect(headers['ce-actor']).toMatch(/^[!#$&-~%]+$/);
        expect(readCloudEvent(new Headers({ ...headers }), body)['actor']).toBe(actor);
      }),
    );
  });

  const type = { 'content-type': 'application/cloudevents+json' };
  it.each([
    ['no type', {}, '{}'],
    ['no JSON', type, '{'],
    ['a list', type, '[]'],
    ['another version', type, JSON.stringify({ ...event, specversion: '0.3' })],
    ['no id', type, JSON.stringify({ ...event, id: '' })],
    ['a time that is none', type, JSON.stringify({ ...event, time: 'yesterday' })],
    ['an attribute that is an object', type, JSON.stringify({ ...event, actor: {} })],
    ['an attribute in capitals', type, JSON.stringify({ ...event, Actor: 'x' })],
    ['binary data', { ...binary(event).headers, 'content-type': 'image/png' }, ''],
    ['a header that is not encoded well', { ...binary(event).headers, 'ce-actor': '%E0%A4%A' }, '{}'],
  ])('refuses %s', (_, headers: Record<string, string>, body) => {
    expect(() => readCloudEvent(new Headers(headers), body)).toThrow(
      expect.objectContaining({ code: 'input/invalid' }),
    );
  });
});
