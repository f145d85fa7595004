import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CephGateway, cephMissing, startCeph } from '../../../../test/services/ceph.js';
import { describeService } from '../../../../test/services/lane.js';
import { type PostgresServer, postgresMissing, startPostgres } from '../../../../test/services/postgres.js';
import { program } from '../support/program.js';
import { BAD, breakWhenServed, GOOD, openFleet, rollbackLatencies, SPEC, surviveKills } from './fleet.js';
import type { Store } from './store.js';

const scratch = mkdtempSync(join(tmpdir(), 'millwright-fleet-'));
const script = program(join(import.meta.dirname, 'replica.ts'), scratch);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface How {
  readonly push: boolean;
  readonly tickMs: number;
}

let attempts = 0;

/** What every store has to stand. */
function fleetTests(store: (place: string) => Store, how: How, limitMs: number): void {
  // Tried again: a busy machine may take longer once.
  test(`the last replica is without the challenger ${limitMs} ms after the verdict`, { retry: 2 }, async () => {
    await using fleet = await openFleet(script, store(`rollback${attempts++}`), { spec: SPEC, failures: BAD, ...how });
    await Promise.all(['a', 'b', 'c'].map((name) => fleet.start(name)));
    await breakWhenServed(fleet);
    const each = await rollbackLatencies(fleet);
    expect(await fleet.state()).toMatchObject({ status: 'rolledBack', cause: { cause: 'guardrail' } });
    expect(Math.max(...each), `${each} ms`).toBeLessThanOrEqual(limitMs);
    const { kind } = store('');
    process.stdout.write(`${kind}, pushed: ${how.push}, looks every ${how.tickMs} ms: share 0 after ${each} ms\n`);
  });

  test.each([
    { name: 'promoted', failures: GOOD, version: 'flight@2' },
    { name: 'rolled back', failures: BAD, version: 'flight@1' },
  ])('processes are killed, and it ends as if they were not: $name', async ({ name, failures, version }) => {
    const spec = { ...SPEC, minDwell: 1_000, bake: 1_000 };
    await using fleet = await openFleet(script, store(name), { spec, failures, push: how.push, tickMs: 300 });
    await surviveKills(fleet, { seed: 6, kills: 6, version });
  });
}

describeService('a fleet on PostgreSQL', postgresMissing('npm'), () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres('npm');
  });
  afterAll(() => server?.stop());
  fleetTests((place) => ({ kind: 'postgres', port: server.port, place }), { push: true, tickMs: 3_000 }, 1_000);
});

describeService('a fleet on S3', cephMissing(), () => {
  let gateway: CephGateway;
  beforeAll(async () => {
    gateway = await startCeph();
    const credentials = gateway;
    const { endpoint } = gateway;
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: 'bucket' }));
    client.destroy();
  });
  afterAll(() => gateway?.stop());
  const store = (prefix: string): Store => {
    const { endpoint, accessKeyId, secretAccessKey } = gateway;
    return { kind: 's3', endpoint, prefix, accessKeyId, secretAccessKey };
  };
  // S3 announces nothing: everybody looks now and then, and two looks are enough.
  fleetTests(store, { push: false, tickMs: 1_000 }, 2_000);
});
