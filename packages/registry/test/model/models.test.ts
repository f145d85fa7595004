import { digestJson } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { verifyInclusion } from '@millwright/core/ledger';
import { ancestors } from '@millwright/core/lineage';
import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../src/index.js';
import { desk, files, HOUR, START, withVersions } from '../desk.js';

const CHAMPION = ['flight-delay', 'champion'] as const;

describe('models', () => {
  test('are created once, with an owner', async () => {
    const { registry } = await desk();
    const model = await registry.models.create('flight-delay', {
      owner: 'ops-ml',
      risk: 'high',
      intendedUse: 'Plan crews.',
      tags: { team: 'ops', __proto__: 'x' },
    });
    expect(model).toMatchObject({
      name: 'flight-delay',
      owner: 'ops-ml',
      createdBy: 'maria',
      versions: 0,
      aliases: {},
    });
    await expect(registry.models.create('flight-delay', { owner: 'ops-ml' })).rejects.toMatchObject({
      code: 'registry/exists',
    });
    await expect(registry.models.create('other', { owner: ' ' })).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(registry.models.create('../etc/passwd', { owner: 'x' })).rejects.toMatchObject({
      code: 'input/invalid',
    });
    await expect(registry.models.create('other', { owner: 'x', description: 'y'.repeat(5_000) })).rejects.toMatchObject(
      { code: 'input/too-large' },
    );
  });

  test('change what is said about them, tag by tag', async () => {
    const { registry } = await desk();
    await registry.models.create('flight-delay', { owner: 'ops-ml', tags: { team: 'ops', tier: '1' } });
    const changed = await registry.models.change('flight-delay', {
      owner: 'crew-ml',
      tags: { tier: null, stack: 'onnx' },
    });
    expect(changed).toMatchObject({ owner: 'crew-ml', tags: { team: 'ops', stack: 'onnx' } });
    expect(changed.tags).not.toHaveProperty('tier');
    await expect(registry.models.change('nope', { owner: 'x' })).rejects.toMatchObject({ code: 'state/not-found' });
  });
});

describe('versions', () => {
  test('are numbered densely and carry files, contract, run, metrics and lineage', async () => {
    const { registry } = await desk();
    const contract = defineContract({
      inputs: { hour: column.integer({ min: 0, max: 23 }) },
      outputs: { late: column.probability() },
    });
    const raw = await registry.datasets.add('flights', { rowCount: 3 }, { layer: 'raw' });
    const run = await registry.runs.start('train', { uses: [raw] });
    const version = await registry.models.register('flight-delay', {
      files: files('one'),
      contract,
      madeBy: run,
      owner: 'ops-ml',
      metrics: { auc: 0.71, loss: Number.NaN },
    });
    expect(version).toMatchObject({
      id: 'flight-delay@1',
      number: 1,
      stage: 'registered',
      madeBy: 'train@1',
      contract: contract.digest,
      metrics: { auc: 0.71, loss: Number.NaN },
      registeredBy: 'maria',
    });
    expect(registry.models.get('flight-delay').owner).toBe('ops-ml');
    expect((await registry.models.contract(version))?.digest).toBe(contract.digest);
    const above = ancestors(registry.lineage, version.node);
    expect([...above].map((node) => (typeof node === 'string' ? node : node.id)).sort()).toEqual([
      'dataset:flights@1',
      'run:train@1',
    ]);
    const second = await registry.models.register('flight-delay', { files: files('two') });
    expect(second.id).toBe('flight-delay@2');
  });

  test('of an unknown model need an owner', async () => {
    const { registry } = await desk();
    await expect(registry.models.register('nope', { files: files('x') })).rejects.toMatchObject({
      code: 'state/not-found',
    });
  });

  test('resolve to verified files, and the alias follows its moves', async () => {
    const { registry } = await desk();
    await withVersions(registry, 2);
    const champion = registry.alias(...CHAMPION);
    await expect(champion.resolve()).rejects.toMatchObject({ code: 'state/not-found' });
    await registry.models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'first' });
    const resolved = await champion.resolve();
    expect(resolved.id).toBe('flight-delay@1');
    expect(new TextDecoder().decode(await resolved.artifact.bytes('model.onnx'))).toBe('weights of flight-delay 1');

    const stop = new AbortController();
    const changes = champion.watch!({ signal: stop.signal })[Symbol.asyncIterator]();
    const next = changes.next();
    await registry.models.moveAlias('flight-delay', 'canary', 'flight-delay@1', { reason: 'not watched' });
    await registry.models.moveAlias(...CHAMPION, 'flight-delay@2', { reason: 'better' });
    expect((await next).value?.id).toBe('flight-delay@2');
    const ended = changes.next();
    stop.abort();
    expect((await ended).done).toBe(true);
    expect((await registry.version('flight-delay@1').resolve()).id).toBe('flight-delay@1');
    expect((await registry.source('flight-delay', '2').resolve()).id).toBe('flight-delay@2');
    expect((await registry.source('flight-delay', 'canary').resolve()).id).toBe('flight-delay@1');
    await expect(registry.version('flight-delay@9').resolve()).rejects.toMatchObject({ code: 'state/not-found' });
  });

  test('stand where the facts put them', async () => {
    const { registry } = await desk();
    await withVersions(registry, 2);
    const { models } = registry;
    const stage = () => models.version('flight-delay@1').stage;
    await models.attachEvidence('flight-delay@1', { kind: 'gate', verdict: 'insufficient' });
    expect(stage()).toBe('registered');
    await models.attachEvidence('flight-delay@1', { decision: 'promote', sentence: 'Better on every slice.' });
    expect(stage()).toBe('validated');
    await models.approve('flight-delay@1', { role: 'risk', reason: 'read the report', actor: 'ravi' });
    expect(stage()).toBe('approved');
    await models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'go' });
    expect(stage()).toBe('serving');
    await expect(models.retire('flight-delay@1', { reason: 'old' })).rejects.toMatchObject({
      code: 'registry/lifecycle',
    });
    await models.deprecate('flight-delay@1', { reason: 'biased on nights' });
    expect(stage()).toBe('deprecated');
    await models.moveAlias(...CHAMPION, 'flight-delay@2', { reason: 'go' });
    await models.retire('flight-delay@1', { reason: 'old' });
    expect(stage()).toBe('retired');
    for (const late of [
      models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'back' }),
      models.approve('flight-delay@1', { role: 'risk', reason: 'again' }),
      models.attachEvidence('flight-delay@1', { kind: 'gate', verdict: 'pass' }),
    ])
      await expect(late).rejects.toMatchObject({ code: 'registry/lifecycle' });
    await expect(models.rollBack(...CHAMPION, { reason: 'x' })).rejects.toMatchObject({ code: 'state/precondition' });
  });

  test('keep the evidence as a record that can be read again', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const report = { kind: 'validation', verdict: 'fail', metrics: { auc: 0.6 }, rows: 10, worst: Number.NaN } as const;
    const { evidence } = await registry.models.attachEvidence('flight-delay@1', report);
    expect(evidence[0]).toMatchObject({
      kind: 'validation',
      verdict: 'fail',
      metrics: [{ metric: 'auc', value: 0.6 }],
    });
    expect(evidence[0]?.digest).toBe(digestJson({ ...report, worst: 'NaN' }));
    expect(evidence[0]?.record).toBe(evidence[0]?.digest);
    await expect(registry.models.attachEvidence('flight-delay@1', { verdict: 'pass' })).rejects.toThrow(/kind/);
    await expect(registry.models.attachEvidence('flight-delay@1', { kind: 'gate' })).rejects.toThrow(/verdict/);
  });
});

describe('aliases', () => {
  test('answer who was champion at a time, who moved it, why and on what evidence - with a proof', async () => {
    const { registry, clock } = await desk();
    await withVersions(registry, 3);
    const { evidence } = await registry.models.attachEvidence('flight-delay@2', { decision: 'promote' });
    await clock.advance(HOUR);
    await registry.models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'first' });
    await clock.advance(HOUR);
    await registry.models.moveAlias(...CHAMPION, 'flight-delay@2', { reason: 'better', evidence, actor: 'ravi' });
    await clock.advance(HOUR);
    expect(registry.models.aliasAt(...CHAMPION, START)).toBeUndefined();
    expect(registry.models.aliasAt(...CHAMPION, START + 1.5 * HOUR)?.version).toBe('flight-delay@1');
    const now = registry.models.aliasAt(...CHAMPION, START + 2.5 * HOUR);
    expect(registry.models.aliasAt(...CHAMPION)).toEqual(now);
    expect(now).toMatchObject({
      version: 'flight-delay@2',
      from: 'flight-delay@1',
      generation: 2,
      by: 'ravi',
      reason: 'better',
      evidence: [evidence[0]?.digest],
    });
    const proof = await registry.ledger.prove(now!.eventIndex);
    for await (const event of registry.ledger.read({ from: now!.eventIndex })) {
      expect(event.type).toBe('alias.moved');
      expect(verifyInclusion(proof, event)).toBe(true);
      break;
    }
  });

  test('roll back in one call, again and again, to where they really were', async () => {
    const { registry } = await desk();
    await withVersions(registry, 3);
    const { models } = registry;
    for (const n of [1, 2, 3]) await models.moveAlias(...CHAMPION, `flight-delay@${n}`, { reason: `v${n}` });
    expect(await models.rollBack(...CHAMPION, { reason: 'too late at night' })).toMatchObject({
      kind: 'rollback',
      version: 'flight-delay@2',
      from: 'flight-delay@3',
      generation: 4,
    });
    expect((await models.rollBack(...CHAMPION, { reason: 'also bad' })).version).toBe('flight-delay@1');
    await expect(models.rollBack(...CHAMPION, { reason: 'and more' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    expect(models.history(...CHAMPION).map((r) => r.version)).toEqual([1, 2, 3, 2, 1].map((n) => `flight-delay@${n}`));
    expect(models.version('flight-delay@1').aliases).toEqual(['champion']);
    expect(models.version('flight-delay@3').aliases).toEqual([]);
  });

  test('skip retired versions when they roll back', async () => {
    const { registry } = await desk();
    await withVersions(registry, 3);
    const { models } = registry;
    for (const n of [1, 2, 3]) await models.moveAlias(...CHAMPION, `flight-delay@${n}`, { reason: `v${n}` });
    await models.retire('flight-delay@2', { reason: 'poisoned data' });
    expect((await models.rollBack(...CHAMPION, { reason: 'x' })).version).toBe('flight-delay@1');
  });

  test('moved to where they point write nothing', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    await registry.models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'first' });
    const { size } = registry.ledger.head;
    expect((await registry.models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'again' })).reason).toBe('first');
    expect(registry.ledger.head.size).toBe(size);
  });

  test('moved by two at once: one wins, the other is told by whom', async () => {
    const { registry } = await desk();
    await withVersions(registry, 2);
    const both = await Promise.allSettled([
      registry.models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'mine', actor: 'ana' }),
      registry.models.moveAlias(...CHAMPION, 'flight-delay@2', { reason: 'mine', actor: 'ben' }),
    ]);
    expect(both.map((b) => b.status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = both.find((b) => b.status === 'rejected');
    expect(loser?.reason).toMatchObject({ code: 'state/precondition' });
    expect(String(loser?.reason)).toMatch(/(ana|ben) moved it/);
  });

  test('can be removed and come back; unknown ones are not found', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const { models } = registry;
    await models.moveAlias(...CHAMPION, 'flight-delay@1', { reason: 'first' });
    expect((await models.removeAlias(...CHAMPION, { reason: 'off' })).version).toBeUndefined();
    expect(models.aliased(...CHAMPION)).toBeUndefined();
    await expect(models.removeAlias(...CHAMPION, { reason: 'off' })).rejects.toMatchObject({ code: 'state/not-found' });
    expect((await models.rollBack(...CHAMPION, { reason: 'on again' })).version).toBe('flight-delay@1');
    await expect(models.rollBack('flight-delay', 'nope', { reason: 'x' })).rejects.toMatchObject({
      code: 'state/not-found',
    });
    await expect(models.moveAlias('flight-delay', 'champion', 'other@1', { reason: 'x' })).rejects.toMatchObject({
      code: 'state/not-found',
    });
  });
});

test('another process that opens the storage sees the same registry', async () => {
  const { registry, clock, storage } = await desk();
  await withVersions(registry, 2);
  await registry.models.moveAlias(...CHAMPION, 'flight-delay@2', { reason: 'go' });
  const other = await openRegistry(storage, { actor: 'ravi', clock });
  expect(other.models.versions('flight-delay')).toEqual(registry.models.versions('flight-delay'));
  expect(other.models.history(...CHAMPION)).toEqual(registry.models.history(...CHAMPION));
});

test('an idempotency key registers once, also from another process', async () => {
  const { registry, clock, storage } = await desk();
  await registry.models.create('flight-delay', { owner: 'ops-ml' });
  const version = { files: files('one'), idempotencyKey: 'job-17' };
  const first = await registry.models.register('flight-delay', version);
  expect((await registry.models.register('flight-delay', version)).id).toBe(first.id);
  const other = await openRegistry(storage, { actor: 'maria', clock });
  expect((await other.models.register('flight-delay', version)).id).toBe(first.id);
  expect(other.models.versions('flight-delay')).toHaveLength(1);
});

test('the fold passes over malformed and impossible events and remembers which', async () => {
  const { registry } = await desk();
  await withVersions(registry, 2);
  const sha = digestJson('x');
  const forged = [
    { type: 'version.registered', data: { model: 'flight-delay', number: 9, artifact: sha, size: 1 } },
    { type: 'version.registered', data: { model: 'flight-delay', number: 3 } },
    { type: 'model.created', data: { name: '__proto__', owner: 'x' } },
    {
      type: 'alias.moved',
      data: {
        model: 'flight-delay',
        alias: 'champion',
        to: 'flight-delay@2',
        generation: 7,
        kind: 'move',
        reason: '',
        evidence: [],
      },
    },
    {
      type: 'alias.moved',
      data: {
        model: 'flight-delay',
        alias: 'champion',
        to: 'flight-delay@2',
        generation: 1,
        kind: 'rollback',
        reason: '',
        evidence: [],
      },
    },
    {
      type: 'alias.moved',
      data: {
        model: 'flight-delay',
        alias: 'champion',
        to: 'constructor@1',
        generation: 1,
        kind: 'move',
        reason: '',
        evidence: [],
      },
    },
    { type: 'approval.given', data: { version: 'flight-delay@7', role: 'risk', reason: '' } },
    { type: 'evidence.attached', data: { version: 'flight-delay@1', kind: 'gate', verdict: 'maybe', digest: sha } },
  ];
  await registry.ledger.commit(() => ({ events: forged, result: undefined }), { actor: 'mallory' });
  expect(registry.models.versions('flight-delay')).toHaveLength(2);
  expect(registry.models.aliased(...CHAMPION)).toBeUndefined();
  expect(registry.models.version('flight-delay@1').evidence).toEqual([]);
  expect(registry.ignored()).toHaveLength(forged.length);
});
