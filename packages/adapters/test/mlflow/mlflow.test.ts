import { encodeUtf8 } from '@millwright/core';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { describe, expect, it } from 'vitest';
import { exportToMlflow, importFromMlflow } from '../../src/mlflow.js';
import { factory } from '../http/support.js';
import { fakeMlflow } from './fake-server.js';

const headers = { authorization: 'Bearer secret-token' };
const open = () => openRegistry(memoryStorage(), { actor: 'importer' });

/** A server with three versions of a model that others registered. */
function served() {
  const server = fakeMlflow();
  server.models.set('churn', { description: '' });
  for (const number of [1, 2, 3]) {
    const folder = `7/run-${number}/artifacts/model`;
    server.files.set(`${folder}/MLmodel`, encodeUtf8(`version: ${number}`));
    server.files.set(`${folder}/data/model.bin`, new Uint8Array([number]));
    const source = `mlflow-artifacts:/${folder}`;
    const tags = [{ key: 'team', value: 'growth' }];
    server.versions.push({
      name: 'churn',
      version: `${number}`,
      status: 'READY',
      source,
      run_id: `run-${number}`,
      description: '',
      tags,
    });
    server.runs.set(`run-${number}`, [
      { key: 'auc', value: 0.7 + number / 100 },
      { key: 'gap', value: 'NaN' },
    ]);
  }
  server.aliases.set('churn/champion', '2');
  return { server, options: { url: server.url, fetch: server.fetch, headers } };
}

describe('importing', () => {
  it('registers versions in order, with files, tags and the metrics of their runs', async () => {
    const { options } = served();
    const registry = await open();
    const { steps } = await importFromMlflow(registry, 'churn', { ...options, owner: 'growth', aliases: ['champion'] });
    expect(steps.map(({ what, from, to, outcome }) => [what, from, to, outcome])).toEqual([
      ['model', 'churn', 'churn', 'made'],
      ['version', 'churn/1', 'churn@1', 'made'],
      ['version', 'churn/2', 'churn@2', 'made'],
      ['version', 'churn/3', 'churn@3', 'made'],
      ['alias', 'churn/champion', 'churn@2', 'made'],
    ]);
    const version = registry.models.aliased('churn', 'champion')!;
    expect(version.metrics).toEqual({ auc: 0.72, gap: Number.NaN });
    expect(version.tags).toEqual({
      team: 'growth',
      'mlflow.server': 'mlflow.test',
      'mlflow.name': 'churn',
      'mlflow.version': '2',
      'mlflow.run': 'run-2',
    });
    const { artifact } = await registry.version(version).resolve();
    expect(artifact.manifest.files.map(({ path }) => path)).toEqual(['MLmodel', 'data/model.bin']);
    expect([...(await artifact.bytes('data/model.bin'))]).toEqual([2]);
  });

  it('adds what is new, and says before what it would do', async () => {
    const { server, options } = served();
    const registry = await open();
    const spare = server.versions.pop()!;
    await importFromMlflow(registry, 'churn', { ...options, owner: 'growth' });
    server.versions.push(spare);
    const { size } = registry.ledger.head;
    const outcomes = (report: Awaited<ReturnType<typeof importFromMlflow>>) =>
      report.steps.map(({ outcome }) => outcome);
    const planned = await importFromMlflow(registry, 'churn', { ...options, dryRun: true, aliases: ['champion'] });
    expect(outcomes(planned)).toEqual(['kept', 'kept', 'kept', 'made', 'made']);
    expect(registry.ledger.head.size).toBe(size);
    expect(outcomes(await importFromMlflow(registry, 'churn', options))).toEqual(['kept', 'kept', 'kept', 'made']);
    expect(registry.models.versions('churn')).toHaveLength(3);
  });

  it('refuses what is not ready, not there, too large or elsewhere, and takes the rest', async () => {
    const { server, options } = served();
    server.versions[0]!.status = 'FAILED_REGISTRATION';
    server.versions[1]!.source = 's3://bucket/model';
    server.versions[2]!.source = 'mlflow-artifacts:/nowhere';
    const registry = await open();
    const report = await importFromMlflow(registry, 'churn', { ...options, owner: 'growth', aliases: ['champion'] });
    expect(report.steps.slice(1).map(({ outcome, why }) => [outcome, why])).toEqual([
      ['refused', 'its status is FAILED_REGISTRATION'],
      ['refused', 'its files are not behind the artifact proxy'],
      ['refused', 'it has no files'],
      ['refused', 'it points to nothing that was imported'],
    ]);
    const small = await importFromMlflow(registry, 'churn', { ...served().options, owner: 'growth', maxBytes: 5 });
    expect(
      small.steps.slice(1).every(({ outcome, why }) => outcome === 'refused' && why?.includes('5 are allowed')),
    ).toBe(true);
    const none = await importFromMlflow(registry, 'other', options);
    expect(none.steps).toMatchObject([{ outcome: 'refused', why: 'mlflow.test has no such model' }]);
  });

  it('lets the policy here decide about aliases', async () => {
    const { options } = served();
    const registry = await open();
    await importFromMlflow(registry, 'churn', { ...options, owner: 'growth' });
    await registry.policies.set('churn', { aliases: { champion: { approvals: [{ role: 'risk', count: 1 }] } } });
    const { steps } = await importFromMlflow(registry, 'churn', { ...options, aliases: ['champion'] });
    expect(steps.at(-1)).toMatchObject({ outcome: 'refused', why: expect.stringContaining('risk') });
    expect(registry.models.aliased('churn', 'champion')).toBeUndefined();
  });

  it('fails with a server that refuses or is away, and names no secret', async () => {
    const { server } = served();
    const registry = await open();
    const away = () => Promise.reject(new TypeError('fetch failed'));
    for (const options of [
      { fetch: server.fetch },
      { fetch: server.fetch, headers: { authorization: 'Bearer wrong-secret' } },
      { fetch: away, headers },
    ]) {
      const failure = await importFromMlflow(registry, 'churn', { url: server.url, ...options }).catch(
        (error: Error) => error,
      );
      expect(failure).toMatchObject({ code: 'storage/failed', details: { store: 'mlflow.test' } });
      expect(JSON.stringify([failure, String(failure)])).not.toMatch(/secret|password/);
    }
  });
});

describe('exporting', () => {
  it('and importing elsewhere gives the same digests, metrics and champion', async () => {
    const { registry } = await factory();
    const server = fakeMlflow();
    const options = { url: server.url, fetch: server.fetch, headers };
    const exported = await exportToMlflow(registry, 'fraud', options);
    expect(exported.steps.map(({ what, to, outcome }) => [what, to, outcome])).toEqual([
      ['model', 'fraud', 'made'],
      ['version', 'fraud/1', 'made'],
      ['version', 'fraud/2', 'made'],
      ['alias', 'fraud/1', 'made'],
    ]);
    const copy = await open();
    await importFromMlflow(copy, 'fraud', { ...options, owner: 'copy', aliases: ['champion'] });
    for (const id of ['fraud@1', 'fraud@2']) {
      const [theirs, ours] = [copy.models.version(id), registry.models.version(id)];
      expect([theirs.artifact, theirs.metrics]).toEqual([ours.artifact, ours.metrics]);
    }
    expect(copy.models.aliased('fraud', 'champion')?.id).toBe('fraud@1');
  });

  it('adds what is new, moves what moved, and knows its own when they come home', async () => {
    const { registry } = await factory();
    const server = fakeMlflow();
    const options = { url: server.url, fetch: server.fetch, headers };
    await exportToMlflow(registry, 'fraud', { ...options, as: 'Fraud (EU)' });
    await registry.models.moveAlias('fraud', 'champion', 'fraud@2', { reason: 'better' });
    const { asked } = server;
    asked.length = 0;
    const planned = await exportToMlflow(registry, 'fraud', { ...options, as: 'Fraud (EU)', dryRun: true });
    expect(asked.every((line) => line.startsWith('GET'))).toBe(true);
    const again = await exportToMlflow(registry, 'fraud', { ...options, as: 'Fraud (EU)' });
    expect(again).toEqual(planned);
    expect(again.steps.map(({ outcome }) => outcome)).toEqual(['kept', 'kept', 'kept', 'made']);
    expect(server.aliases.get('Fraud (EU)/champion')).toBe('2');
    const home = await importFromMlflow(registry, 'Fraud (EU)', { ...options, as: 'fraud' });
    expect(home.steps.map(({ outcome }) => outcome)).toEqual(['kept', 'kept', 'kept']);
  });

  it('refuses files that were changed on the way', async () => {
    const { registry } = await factory();
    const server = fakeMlflow();
    const options = { url: server.url, fetch: server.fetch, headers };
    await exportToMlflow(registry, 'fraud', options);
    const path = [...server.files.keys()].find((each) => each.includes('fraud@2'))!;
    server.files.set(path, new Uint8Array([0]));
    const { steps } = await importFromMlflow(await open(), 'fraud', { ...options, owner: 'copy' });
    expect(steps.map(({ outcome }) => outcome)).toEqual(['made', 'made', 'refused']);
    expect(steps[2]?.why).toContain('sha256:');
  });
});
