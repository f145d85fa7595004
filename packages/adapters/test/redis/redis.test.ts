import { describe, expect, test } from 'vitest';
import { redisExchange } from '../../src/redis.js';
import { sums } from '../support/exchange-cases.js';

const value = `3:${JSON.stringify(sums(1, 2))}`;

describe('redisExchange', () => {
  test.each([
    ['a flat list', ['a/1', value]],
    ['a map', new Map([['a/1', value]])],
    ['an object', { 'a/1': value }],
    ['bytes', [Buffer.from('a/1'), Buffer.from(value)]],
  ])('reads %s, as clients and protocols answer', async (_, reply) => {
    const exchange = redisExchange({ send: async () => reply });
    expect(await exchange.read('r')).toEqual([{ boot: 'a/1', number: 3, epochs: sums(1, 2) }]);
  });

  test('an empty hash is nobody, and commands are under the prefix', async () => {
    const sent: (readonly string[])[] = [];
    const exchange = redisExchange({ prefix: 'p:', send: async (command) => void sent.push(command) });
    expect(await exchange.read('r')).toEqual([]);
    await exchange.publish('r', { boot: 'a/1', number: 3, epochs: sums(1, 2) });
    expect(sent[0]).toEqual(['HGETALL', 'p:r']);
    expect(sent[1]!.slice(2)).toEqual(['1', 'p:r', 'a/1', value, String(30 * 86_400_000)]);
  });
});
