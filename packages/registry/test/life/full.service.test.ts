import { postgres } from '@millwright/adapters/postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { type PostgresServer, postgresMissing, startPostgres } from '../../../../test/services/postgres.js';
import { checkLife } from './check-life.js';
import { live, STORE_LIFE } from './life.js';

describeService('a life in PostgreSQL', postgresMissing('npm'), () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  beforeAll(async () => {
    server = await startPostgres('npm');
    pool = new pg.Pool({ connectionString: server.url, max: 16 });
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  test(`${STORE_LIFE.versions} versions by 8 writers`, async () => {
    const open = () => postgres({ pool, place: 'life' });
    const found = await checkLife(open(), STORE_LIFE, await live(open, STORE_LIFE));
    expect(found.refused).toBeGreaterThan(0);
  }, 600_000);
});
