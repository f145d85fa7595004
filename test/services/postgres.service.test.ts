import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from './lane.js';
import { type PostgresRelease, type PostgresServer, postgresMissing, startPostgres } from './postgres.js';

for (const [release, version] of [
  ['npm', '18.4'],
  ['debian', '15.'],
] as const satisfies readonly (readonly [PostgresRelease, string])[])
  describeService(`PostgreSQL from ${release}`, postgresMissing(release), () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(release);
    });
    afterAll(() => server?.stop());

    const query = async (text: string) => {
      const client = new pg.Client(server.url);
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query(text)).rows;
      } finally {
        await client.end();
      }
    };

    test('is the release that it should be', async () => {
      expect(server.version).toContain(version);
      expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
    });

    test('comes back from a crash with what was committed', async () => {
      await query('create table kept (id int primary key)');
      await query('insert into kept values (7)');
      await server.crash();
      expect(await query('select id from kept')).toEqual([{ id: 7 }]);
    });
  });
