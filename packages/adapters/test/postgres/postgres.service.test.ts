import { setTimeout as wait } from 'node:timers/promises';
import { type CommitId, digestBytes, encodeUtf8, idSource, isMillwrightError } from '@millwright/core';
import { blobStoreCases, logStoreCases } from '@millwright/core/conformance';
import { openLedger } from '@millwright/core/ledger';
import type { Storage, StoredCommit } from '@millwright/core/storage';
import pg from 'pg';
import postgresJs from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../../../test/services/fault-proxy.js';
import { describeService } from '../../../../test/services/lane.js';
import { type PostgresServer, postgresMissing, startPostgres } from '../../../../test/services/postgres.js';
import { postgres } from '../../src/postgres.js';

for (const release of ['npm', 'debian'] as const)
  describeService(`PostgreSQL from ${release}`, postgresMissing(release), () => {
    let server: PostgresServer;
    let proxy: FaultProxy;
    const pools: pg.Pool[] = [];
    const poolOn = (port: number, max = 4, options = '') => {
      const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max, options });
      pool.on('error', () => undefined);
      pools.push(pool);
      return pool;
    };
    let pool: pg.Pool;
    beforeAll(async () => {
      server = await startPostgres(release);
      proxy = await startFaultProxy(server);
      pool = poolOn(server.port, 16);
    });
    afterAll(async () => {
      await proxy?.close();
      for (const each of pools) await each.end();
      await server?.stop();
    });
    beforeEach(() => proxy.set({ kind: 'none' }));

    const open = (place: string): Storage => postgres({ pool, place });
    const nextId = idSource();
    const commit = (seq: number): StoredCommit => ({
      seq,
      commitId: nextId<CommitId>(),
      bytes: encodeUtf8(`commit ${seq}`),
    });
    const ids = async (storage: Storage) => {
      const out: CommitId[] = [];
      for await (const { commitId } of storage.log.read({ from: 1 })) out.push(commitId);
      return out;
    };

    describe('conformance', () => {
      for (const c of logStoreCases((place) => open(place).log, { reopen: true }))
        test.skipIf(c.skip)(`log: ${c.name}`, c.run);
      for (const c of blobStoreCases((place) => open(place).blobs, { reopen: true }))
        test.skipIf(c.skip)(`blobs: ${c.name}`, c.run);
    });

    describe('conformance, with the client library `postgres`', () => {
      let sql: postgresJs.Sql;
      beforeAll(() => {
        // It prints the server's notices, such as that a table exists already.
        const onnotice = () => undefined;
        sql = postgresJs({
          host: '127.0.0.1',
          port: server.port,
          user: 'postgres',
          database: 'postgres',
          max: 8,
          onnotice,
        });
      });
      afterAll(() => sql?.end());
      const openWith = (place: string): Storage => postgres({ pool: sql, place: `js ${place}` });
      for (const c of logStoreCases((place) => openWith(place).log, { reopen: true }))
        test.skipIf(c.skip)(`log: ${c.name}`, c.run);
      for (const c of blobStoreCases((place) => openWith(place).blobs, { reopen: true }))
        test.skipIf(c.skip)(`blobs: ${c.name}`, c.run);
    });

    test.each(['pg', 'postgres'])('writers that take turns lose no races, with %s', async (library) => {
      const place = { host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres' };
      const sql = postgresJs({ ...place, max: 4, onnotice: () => undefined });
      let lost = 0;
      const write = async (writer: number) => {
        // Fewer connections than writers: whoever waits for a turn must not keep the one who has it from its statements.
        await using storage = postgres({
          pool: library === 'pg' ? small : sql,
          place: `turns ${library}`,
          turns: true,
        });
        const append: typeof storage.log.append = async (...args) => {
          const outcome = await storage.log.append(...args);
          if (outcome.kind === 'conflict') lost++;
          return outcome;
        };
        const ledger = await openLedger({ log: { ...storage.log, append }, actor: `writer-${writer}` });
        for (let i = 0; i < 10; i++)
          await ledger.commit(() => ({ events: [{ type: 'counter.raised', data: { writer, i } }], result: undefined }));
      };
      const small = poolOn(server.port, 4);
      await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
      const ledger = await openLedger({ log: open(`turns ${library}`).log, actor: 'maria' });
      expect(await ledger.verify()).toMatchObject({ ok: true, events: 81 });
      expect(lost).toBe(0);
      await sql.end();
    });

    test.each(['pg', 'postgres'])('who watches hears announced appends to its place, with %s', async (library) => {
      const place = `watched ${library}`;
      const connection = { host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres' };
      const sql = postgresJs({ ...connection, max: 2, onnotice: () => undefined });
      const writer = postgres({ pool, place, announce: true });
      const reader = postgres({ pool: library === 'pg' ? pool : sql, place, announce: true });
      const other = postgres({ pool, place: 'elsewhere', announce: true });
      const stopping = new AbortController();
      const heard = reader.log.watch!({ signal: stopping.signal })[Symbol.asyncIterator]();
      expect(await heard.next()).toEqual({ done: false, value: undefined });
      const next = heard.next();
      await other.log.append(commit(1));
      await expect(writer.log.append({ ...commit(1), seq: 3 })).rejects.toThrow();
      expect(await Promise.race([next, wait(300, 'silence')])).toBe('silence');
      await writer.log.append(commit(1));
      expect(await next).toEqual({ done: false, value: undefined });
      expect(await ids(reader)).toHaveLength(1);
      const last = heard.next();
      stopping.abort();
      expect(await last).toEqual({ done: true, value: undefined });
      await sql.end();
    });

    test('who watches is told when the connection is lost', async () => {
      const lonely = poolOn(proxy.port, 1);
      const { log } = postgres({ pool: lonely, place: 'lost', announce: true });
      const heard = log.watch!()[Symbol.asyncIterator]();
      await heard.next();
      const told = expect(heard.next()).rejects.toMatchObject({ code: 'storage/failed' });
      await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' and pid <> pg_backend_pid()`,
      );
      await told;
      expect(postgres({ pool, place: 'lost' }).log.watch).toBeUndefined();
    });

    test('who waits too long for a turn goes on without one', async () => {
      const holder = await poolOn(server.port, 1).connect();
      const place = 'hung';
      await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [`postgres(public/${place})`]);
      const ledger = await openLedger({ log: postgres({ pool, place, turns: true }).log, actor: 'maria' });
      expect(ledger.head.seq).toBe(1);
      holder.release(true);
    });

    test('many processes may create the tables at once', async () => {
      await pool.query('create schema fresh');
      const storages = Array.from({ length: 8 }, () => postgres({ pool, schema: 'fresh' }));
      expect(await Promise.all(storages.map(({ log }) => log.head()))).toEqual(storages.map(() => undefined));
    });

    test('refuses a server that does not flush, unless told to', async () => {
      const lax = poolOn(server.port, 1, '-c synchronous_commit=off');
      await expect(postgres({ pool: lax, place: 'lax' }).log.append(commit(1))).rejects.toMatchObject({
        code: 'storage/unsupported',
        details: { needs: 'synchronous_commit' },
      });
      const { log } = postgres({ pool: lax, place: 'lax', durability: 'relaxed' });
      expect(log.capabilities.durability).toBe('relaxed');
      expect((await log.append(commit(1))).kind).toBe('committed');
    });

    test('refuses names that would be SQL, and blobs that are too large', async () => {
      expect(() => postgres({ pool, schema: 'x"; drop table y; --' })).toThrow('`schema`');
      const place = `'; drop table millwright_commits; --`;
      await using storage = postgres({ pool, place, maxBlobBytes: 10 });
      await storage.log.append(commit(1));
      expect(await ids(storage)).toHaveLength(1);
      const bytes = new Uint8Array(11);
      await expect(storage.blobs.put(digestBytes(bytes), bytes, { size: 11 })).rejects.toMatchObject({
        code: 'input/too-large',
      });
    });

    test('reports a row that somebody has deleted', async () => {
      await using storage = open('hole');
      for (let seq = 1; seq <= 3; seq++) await storage.log.append(commit(seq));
      await pool.query(`delete from millwright_commits where place = 'hole' and seq = 2`);
      await expect(ids(storage)).rejects.toMatchObject({ code: 'ledger/corrupt', details: { seq: 2 } });
    });

    test.each([
      { kind: 'dropResponse', landed: true },
      { kind: 'refuse', landed: false },
    ] as const)('with $kind an append is unknown, and $landed that it landed', async ({ kind, landed }) => {
      await using storage = postgres({ pool: poolOn(proxy.port, 1), place: `append-${kind}` });
      await storage.log.append(commit(1));
      proxy.set({ kind }, 1);
      expect((await storage.log.append(commit(2))).kind).toBe('unknown');
      expect(await ids(open(`append-${kind}`))).toHaveLength(landed ? 2 : 1);
    });

    test('ledgers lose nothing and write nothing twice while connections are cut and the server crashes', async () => {
      const storages = Array.from({ length: 4 }, () => postgres({ pool: poolOn(proxy.port, 2), place: 'chaos' }));
      const ledgers = await Promise.all(storages.map(({ log }, i) => openLedger({ log, actor: `writer-${i}` })));
      const acknowledged: string[] = [];
      const failed: string[] = [];
      let crashing: Promise<void> | undefined;
      const writings = ledgers.map(async (ledger, i) => {
        for (let n = 0; acknowledged.length < 120; n++) {
          const key = `${i}-${n}`;
          try {
            await ledger.commit(() => ({ events: [{ type: 'work.done', data: { key } }], result: undefined }));
            acknowledged.push(key);
            if (acknowledged.length % 5 === 0) proxy.set({ kind: 'dropResponse' }, 1);
            if (acknowledged.length >= 60) crashing ??= server.crash();
          } catch (error) {
            if (!isMillwrightError(error)) throw error;
            failed.push(key);
            await crashing;
          }
        }
      });
      await Promise.all(writings);

      const ledger = await openLedger({ log: open('chaos').log, actor: 'inspector' });
      expect(await ledger.verify()).toMatchObject({ ok: true });
      const keys: string[] = [];
      for await (const { type, data } of ledger.read()) if (type === 'work.done') keys.push(String(data['key']));
      expect(new Set(keys).size).toBe(keys.length);
      expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([]);
      expect(keys.filter((key) => !acknowledged.includes(key) && !failed.includes(key))).toEqual([]);
    });
  });
