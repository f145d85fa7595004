import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { type RedisServer, redisMissing, startRedis } from '../../../../test/services/redis.js';
import { type RedisEventsOptions, redisEvents, type SendCommand } from '../../src/redis.js';
import { eventExitCases } from '../support/event-cases.js';
import { deliverAll, eventIds, eventsOf, ledgerOf, write } from '../support/events.js';

describeService('events in a Redis stream', redisMissing(), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  const entriesOf = async (key: string) => (await server.send(['XRANGE', key, '-', '+'])) as [string, string[]][];
  const open = (options: Omit<RedisEventsOptions, 'send'> = {}) =>
    redisEvents({ ...options, send: (command) => server.send(command) });

  eventExitCases(
    () => ({ kind: 'redis', port: server.port }),
    async ({ id }) => (await entriesOf(`millwright:events:${id}`)).map(([, fields]) => JSON.parse(fields[5] ?? '')),
  );

  test.each(['redis', 'redis with protocol 2', 'ioredis'])('works with the client library %s', async (library) => {
    const client = await connected(library);
    const exit = redisEvents({ send: client.send });
    const ledger = await ledgerOf(0);
    expect(await exit.cursor?.(ledger)).toBe(0);
    await deliverAll(ledger, exit);
    expect(await exit.cursor?.(ledger)).toBe(ledger.head.size);
    const [event] = await eventsOf(ledger);
    await exit.send(event!, ledger);
    const entries = await entriesOf(`millwright:events:${ledger.id}`);
    expect(entries.map(([id, fields]) => [id, fields.slice(0, 4)])).toEqual([
      [`${event!.index}-1`, ['id', `${ledger.id}/${event!.index}`, 'type', 'millwright.ledger.created']],
    ]);
    await client.close();
  });

  async function connected(library: string): Promise<{ readonly send: SendCommand; close(): Promise<unknown> }> {
    const place = { host: '127.0.0.1', port: server.port };
    if (library === 'ioredis') {
      const client = new Redis(place);
      return { send: ([name, ...rest]) => client.call(name, ...rest), close: () => client.quit() };
    }
    const client = createClient({ socket: place, RESP: library === 'redis' ? 3 : 2 });
    await client.connect();
    return { send: (command) => client.sendCommand([...command]), close: () => client.close() };
  }

  test('a stream that is trimmed, even to nothing, still tells where to go on', async () => {
    const own = await ledgerOf(0);
    for (let i = 0; i < 3; i++) await write(own, 100);
    const exit = open({ maxLength: 10 });
    await deliverAll(own, exit);
    const key = `millwright:events:${own.id}`;
    expect((await entriesOf(key)).length).toBeLessThan((await eventIds(own)).length);
    await server.send(['XTRIM', key, 'MAXLEN', '0']);
    expect(await exit.cursor?.(own)).toBe(own.head.size);
  });

  test('a stream that others write to is refused instead of swallowing events', async () => {
    const [own, other] = [await ledgerOf(0), await ledgerOf(0)];
    await server.send(['XADD', 'shared', '*', 'a', 'b']);
    await expect(open({ key: 'shared' }).cursor?.(own)).rejects.toMatchObject({ code: 'input/invalid' });
    const [event] = await eventsOf(own);
    await expect(open({ key: 'shared' }).send(event!, own)).rejects.toMatchObject({ code: 'input/invalid' });
    await deliverAll(other, open({ key: 'of another ledger' }));
    await expect(open({ key: 'of another ledger' }).cursor?.(own)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('a refusal of the server names what could not be done', async () => {
    await server.send(['SET', 'text', 'text']);
    await expect(open({ key: 'text' }).cursor?.(await ledgerOf(0))).rejects.toThrow(
      /Redis could not tell .* WRONGTYPE/,
    );
  });
});
