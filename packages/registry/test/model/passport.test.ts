import { digestJson } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { expect, test } from 'vitest';
import type { VersionPassport } from '../../src/index.js';
import { desk, files } from '../desk.js';

async function development() {
  const dev = await desk('dev', 1);
  const contract = defineContract({ inputs: { hour: column.number() }, outputs: { late: column.probability() } });
  const version = await dev.registry.models.register('flight-delay', {
    files: files('x'),
    contract,
    owner: 'lab',
    metrics: { auc: 0.7 },
  });
  await dev.registry.models.attachEvidence(version, { decision: 'promote', metrics: { auc: 0.71 } });
  await dev.registry.models.approve(version, { role: 'risk', reason: 'fine in the lab', actor: 'ravi' });
  const passport = await dev.registry.models.passport(version);
  return { ...dev, passport: JSON.parse(JSON.stringify(passport)) as VersionPassport };
}

test('a version goes to another registry with its evidence, proved, and not with its approvals', async () => {
  const dev = await development();
  const production = (await desk('ops', 2)).registry;
  const options = {
    trustedRoot: dev.registry.ledger.head.root,
    from: dev.storage.blobs,
    owner: 'ops-ml',
    name: 'delays',
  };
  const version = await production.models.import(dev.passport, options);
  expect(version).toMatchObject({
    id: 'delays@1',
    registeredBy: 'ops',
    metrics: { auc: 0.7 },
    approvals: [],
    origin: { ledger: dev.registry.ledger.id, version: 'flight-delay@1', size: dev.registry.ledger.head.size },
  });
  expect(version.evidence).toMatchObject([
    { kind: 'gate', verdict: 'pass', metrics: [{ metric: 'auc', value: 0.71 }] },
  ]);
  const resolved = await production.version(version).resolve();
  expect(resolved.contract?.inputs).toHaveProperty('hour');
  expect(new TextDecoder().decode(await resolved.artifact.bytes('model.onnx'))).toBe('weights of x');
  await production.policies.set('delays', { aliases: { champion: { evidence: [{ kind: 'gate' }] } } });
  expect((await production.models.moveAlias('delays', 'champion', version, { reason: 'go' })).version).toBe('delays@1');
});

test('a passport that was changed, or leads to another root, is refused', async () => {
  const dev = await development();
  const { registry } = await desk('ops', 2);
  const root = dev.registry.ledger.head.root;
  const [first, second] = dev.passport.entries;
  const forged: [VersionPassport, string][] = [
    [dev.passport, digestJson('another root')],
    [{ ...dev.passport, entries: [] }, root],
    [{ ...dev.passport, entries: [second!, first!] }, root],
    [{ ...dev.passport, version: 'flight-delay@2' }, root],
    [{ ...dev.passport, entries: [first!, { ...second!, data: { ...second!.data, verdict: 'insufficient' } }] }, root],
    [{ ...dev.passport, entries: [first!, { ...first! }] }, root],
  ];
  for (const [passport, trustedRoot] of forged)
    await expect(
      registry.models.import(passport, {
        trustedRoot: trustedRoot as typeof root,
        from: dev.storage.blobs,
        owner: 'ops',
      }),
    ).rejects.toMatchObject({ code: 'registry/denied' });
  await expect(registry.models.import(dev.passport, { trustedRoot: root, owner: 'ops' })).rejects.toMatchObject({
    code: 'artifact/missing',
  });
  await expect(registry.models.import(dev.passport, { trustedRoot: root })).rejects.toMatchObject({
    code: 'state/not-found',
  });
  expect(registry.models.list().items).toEqual([]);
});
