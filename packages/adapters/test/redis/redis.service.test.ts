import { isMillwrightError } from '@millwright/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { type RedisServer, redisMissing, startRedis } from '../../../../test/services/redis.js';
import { redisExchange } from '../../src/redis.js';
import { exchangeCases, sums } from '../support/exchange-cases.js';

describeService('sums of rollouts in Redis', redisMissing(), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  const open = (keepMs?: number) => redisExchange({ send: (command) => server.send(command), keepMs });

  exchangeCases(() => [open(), open()]);

  test('sums are forgotten some time after the last', async () => {
    await open(60_000).publish('ends', { boot: 'a/1', number: 1, epochs: sums(1, 1) });
    const left = await server.send(['PTTL', 'millwright:rollout:ends']);
    expect(left).toBeGreaterThan(30_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  test('a refusal of the server names what could not be done', async () => {
    await server.send(['SET', 'millwright:rollout:taken', 'text']);
    const error = await open()
      .read('taken')
      .catch((reason: unknown) => reason);
    expect(isMillwrightError(error, 'storage/failed') && error.message).toMatch(/Redis could not read .* WRONGTYPE/);
  });
});
