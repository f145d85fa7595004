import { isMillwrightError } from '@millwright/core';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { type PostgresServer, postgresMissing, startPostgres } from '../../../../test/services/postgres.js';
import { postgresExchange } from '../../src/postgres.js';
import { exchangeCases, sums } from '../support/exchange-cases.js';

describeService('sums of rollouts in PostgreSQL', postgresMissing('debian'), () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  beforeAll(async () => {
    server = await startPostgres('debian');
    pool = new pg.Pool({ connectionString: server.url, max: 4 });
    pool.on('error', () => undefined);
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  exchangeCases(() => [postgresExchange({ pool }), postgresExchange({ pool })]);

  test('twenty writers at once, each with its row and its newest number', async () => {
    const writers = Array.from({ length: 20 }, (_, i) => ({ boot: `w${i}/1`, exchange: postgresExchange({ pool }) }));
    await Promise.all(
      writers.flatMap(({ boot, exchange }) =>
        [3, 1, 2].map((number) => exchange.publish('many', { boot, number, epochs: sums(1, number) })),
      ),
    );
    const read = await postgresExchange({ pool }).read('many');
    expect(read.map(({ number }) => number)).toEqual(writers.map(() => 3));
  });

  test('a table that is not there is said, when it shall not be made', async () => {
    const exchange = postgresExchange({ pool, schema: 'nowhere', createTables: false });
    const error = await exchange.read('r').catch((reason: unknown) => reason);
    expect(isMillwrightError(error, 'storage/failed')).toBe(true);
    expect(() => postgresExchange({ pool, schema: 'no"' })).toThrow(/schema/);
  });
});
