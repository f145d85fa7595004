import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { verifyLog } from '@millwright/core/ledger';
import { type LogStore, memoryLog, type Storage, type StoredCommit } from '@millwright/core/storage';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CephGateway, cephMissing, startCeph } from '../../../../test/services/ceph.js';
import { type FaultProxy, startFaultProxy } from '../../../../test/services/fault-proxy.js';
import { describeService } from '../../../../test/services/lane.js';
import { type PostgresServer, postgresMissing, startPostgres } from '../../../../test/services/postgres.js';
import { folder } from '../../src/fs.js';
import { postgres } from '../../src/postgres.js';
import { s3 } from '../../src/s3.js';
import { type ChaosHistory, chaos, checkChaos } from './chaos.js';
import { shareOf } from './share.js';

describeService('chaos on servers', cephMissing() ?? postgresMissing('npm'), () => {
  let server: PostgresServer;
  let serverProxy: FaultProxy;
  let pool: pg.Pool;
  let gateway: CephGateway;
  let gatewayProxy: FaultProxy;
  let client: S3Client;
  const scratch = mkdtempSync(join(tmpdir(), 'millwright-copy-'));
  beforeAll(async () => {
    [server, gateway] = await Promise.all([startPostgres('npm'), startCeph()]);
    [serverProxy, gatewayProxy] = await Promise.all([startFaultProxy(server), startFaultProxy(gateway)]);
    pool = poolOn(server.port, 4);
    client = new S3Client(configOf(gateway.endpoint));
    await client.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  });
  afterAll(async () => {
    client?.destroy();
    await pool?.end();
    await Promise.all([serverProxy?.close(), gatewayProxy?.close()]);
    await Promise.all([server?.stop(), gateway?.stop()]);
    rmSync(scratch, { recursive: true, force: true });
  });

  const poolOn = (port: number, max: number) => {
    const made = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max });
    made.on('error', () => undefined);
    return made;
  };
  const configOf = (endpoint: string) => ({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: gateway,
  });
  const bucket = (prefix: string): Storage => s3({ bucket: 'bucket', prefix, client });

  /** Cuts connections now and then, and kills the server once, in the middle. */
  function trouble(proxy: FaultProxy, commits: number, crash: () => Promise<void>) {
    let crashing: Promise<void> | undefined;
    return {
      acknowledged(count: number) {
        if (count % Math.ceil(commits / 40) === 0) proxy.set({ kind: 'dropResponse' }, 1);
        if (count >= commits / 2) crashing ??= crash();
      },
      between: () => crashing,
      /** The server was killed, and real appends of its own have lost their answer. */
      happened: ({ attempts }: ChaosHistory) =>
        crashing !== undefined && attempts.some(({ outcome }) => outcome.kind === 'unknown'),
    };
  }

  const inPostgres = shareOf('postgres');
  test(`16 writers in PostgreSQL, ${inPostgres.commits} commits`, { timeout: inPostgres.timeout }, async () => {
    const { commits } = inPostgres;
    const events = trouble(serverProxy, commits, () => server.crash());
    const shared = poolOn(serverProxy.port, 16);
    const history = await chaos({
      open: () => postgres({ pool: shared, place: 'chaos' }).log,
      commits,
      batch: 20,
      ...events,
    });
    serverProxy.set({ kind: 'none' });
    await shared.end();
    expect((await checkChaos(postgres({ pool, place: 'chaos' }).log, history)).commands).toBe(commits);
    expect(events.happened(history)).toBe(true);
  });

  const inS3 = shareOf('s3');
  test(`16 writers in S3, ${inS3.commits} commits`, { timeout: inS3.timeout }, async () => {
    const { commits } = inS3;
    const events = trouble(gatewayProxy, commits, () => gateway.crash());
    const config = configOf(`http://127.0.0.1:${gatewayProxy.port}`);
    const history = await chaos({
      open: () => s3({ bucket: 'bucket', prefix: 'chaos', config, timeoutMs: 10_000 }).log,
      commits,
      batch: 20,
      ...events,
    });
    gatewayProxy.set({ kind: 'none' });
    expect((await checkChaos(bucket('chaos').log, history)).commands).toBe(commits);
    expect(events.happened(history)).toBe(true);
  });

  test('a log that is copied from store to store keeps its bytes and its root', async () => {
    const stores = [
      memoryLog(),
      folder(scratch).log,
      postgres({ pool, place: 'copy' }).log,
      bucket('copy').log,
      memoryLog(),
    ];
    await checkChaos(stores[0]!, await chaos({ open: () => stores[0]!, commits: 500, batch: 4 }));
    const original = await all(stores[0]!);
    const { head } = await verifyLog(stores[0]!);
    for (const [i, to] of stores.slice(1).entries()) {
      for await (const commit of stores[i]!.read({ from: 1 }))
        expect(await to.append(commit)).toEqual({ kind: 'committed' });
      expect(await all(to)).toEqual(original);
      expect(await verifyLog(to)).toMatchObject({ ok: true, head });
    }
  });
});

async function all(log: LogStore): Promise<StoredCommit[]> {
  const commits: StoredCommit[] = [];
  for await (const commit of log.read({ from: 1 })) commits.push(commit);
  return commits;
}
