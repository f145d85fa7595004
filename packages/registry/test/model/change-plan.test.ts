import { digestJson } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { memoryHint, memoryStorage } from '@millwright/core/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { technicalFile } from '../../src/governance/index.js';
import { type ChangePlan, judgeMove, type MoveFacts, openRegistry, type Registry } from '../../src/index.js';
import { desk, files, neighbour, START } from '../desk.js';

const PLAN: ChangePlan = {
  changes: ['artifact'],
  within: [{ kind: 'gate', metrics: [{ metric: 'auc', atLeast: '0.7' }] }],
};
const APPROVALS = [{ role: 'risk', from: ['ines', 'ravi'] }];
const contract = defineContract({ inputs: { hour: column.number() }, outputs: { late: column.probability() } });
const DAY = 86_400_000;

/** A model whose first version serves, approved by a person, under rules with the plan. */
async function factory(plan: ChangePlan = PLAN) {
  const { registry, clock, storage } = await desk();
  const { models, policies } = registry;
  await models.register('m', { files: files('1'), contract, owner: 'ops' });
  await policies.set(
    'm',
    { aliases: { champion: { approvals: APPROVALS, plan } }, guardians: ['ines'] },
    { actor: 'ines' },
  );
  await models.approve('m@1', { role: 'risk', reason: 'Read it.', actor: 'ines' });
  const first = await models.moveAlias('m', 'champion', 'm@1', { reason: 'First.' });
  return { registry, models, clock, storage, first };
}
const measured = (registry: Registry, version: string, auc: number) =>
  registry.models.attachEvidence(version, { kind: 'gate', verdict: 'pass', metrics: { auc } });
const move = (registry: Registry, version: string) =>
  registry.models.moveAlias('m', 'champion', version, { reason: 'Retrained.' });

describe('a pre-determined change plan', () => {
  test('lets a retrained version through without another approval, and the move says so', async () => {
    const { registry, models, first } = await factory();
    expect(first.plan).toBeUndefined();
    await models.register('m', { files: files('2'), contract });
    await measured(registry, 'm@2', 0.72);
    const moved = await move(registry, 'm@2');
    expect(moved).toMatchObject({ version: 'm@2', plan: digestJson(PLAN), breakGlass: false });
    expect(moved.evidence).toEqual([models.version('m@2').evidence[0]?.digest]);
    for await (const { type, data } of registry.ledger.read({ from: moved.eventIndex })) {
      expect([type, data['plan']]).toEqual(['alias.moved', digestJson(PLAN)]);
      break;
    }
    const file = await technicalFile(registry, 'm@2');
    expect(file.fields.find(({ id }) => id === '2(f)')?.text).toContain(
      'champion may change its artifact without approval',
    );
  });

  test('refuses what lies outside, with the reason, until somebody approves', async () => {
    const { registry, models } = await factory({ ...PLAN, until: START + 30 * DAY });
    const wider = defineContract({
      inputs: { hour: column.number(), miles: column.number() },
      outputs: contract.outputs,
    });
    await models.register('m', { files: files('2'), contract: wider });
    await measured(registry, 'm@2', 0.6);
    await expect(move(registry, 'm@2')).rejects.toMatchObject({
      code: 'registry/denied',
      details: {
        reasons: [
          '0 of 1 approvals in the role `risk` by someone other than the registrant.',
          'The change plan does not cover it: It has another contract. `auc` is 0.6, at least 0.7 is required.',
        ],
      },
    });
    await models.approve('m@2', { role: 'risk', reason: 'It may.', actor: 'ravi' });
    expect(await move(registry, 'm@2')).toMatchObject({ version: 'm@2', plan: undefined });
  });

  test('covers neither a first version nor anything after it has run out, and all other rules still hold', async () => {
    const { registry, models, clock } = await factory({ ...PLAN, until: START + DAY });
    await models.register('m', { files: files('2'), contract });
    await measured(registry, 'm@2', 0.72);
    await clock.advance(2 * DAY);
    await expect(move(registry, 'm@2')).rejects.toThrow(/It has run out/);

    const facts: MoveFacts = {
      ...{ actor: 'x', time: 0, registeredBy: 'y', approvals: [], pastAliases: new Set<string>() },
      evidence: [
        {
          kind: 'gate',
          verdict: 'pass',
          digest: digestJson(1),
          by: 'ci',
          time: 0,
          metrics: [{ metric: 'auc', value: 0.8 }],
        },
      ],
    };
    const rules = { approvals: APPROVALS, plan: PLAN };
    expect(judgeMove(rules, facts).reasons.join(' ')).toContain('no version in use');
    expect(judgeMove(rules, { ...facts, changes: ['artifact'] })).toMatchObject({
      allowed: true,
      plan: digestJson(PLAN),
    });
    expect(judgeMove({ ...rules, actors: ['ines'] }, { ...facts, changes: ['artifact'] }).allowed).toBe(false);
    expect(judgeMove({ ...rules, after: 'canary' }, { ...facts, changes: ['artifact'] }).allowed).toBe(false);
    expect(judgeMove({ plan: PLAN }, facts)).toMatchObject({ allowed: true });
    const unknown = {
      ...facts,
      evidence: [{ ...facts.evidence[0]!, metrics: [{ metric: 'auc', value: Number.NaN }] }],
    };
    expect(judgeMove(rules, { ...unknown, changes: [] }).allowed).toBe(false);
  });

  test('is approved by the guardians of the policy, and must measure something', async () => {
    const { registry } = await factory();
    const loose: ChangePlan = { changes: ['artifact', 'contract'], within: PLAN.within };
    const set = (plan: unknown) => registry.policies.set('m', { aliases: { champion: { plan: plan as ChangePlan } } });
    await expect(set(loose)).rejects.toMatchObject({ code: 'registry/denied' });
    for (const plan of [
      { changes: [], within: [] },
      { changes: ['weather'], within: PLAN.within },
      { within: PLAN.within },
    ])
      await expect(set(plan)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('comes back from a checkpoint', async () => {
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const registry = await openRegistry(storage, { actor: 'maria' });
    await registry.models.register('m', { files: files('1'), owner: 'ops' });
    await registry.models.moveAlias('m', 'champion', 'm@1', { reason: 'First.' });
    await registry.policies.set('m', { aliases: { champion: { approvals: APPROVALS, plan: PLAN } } });
    await registry.models.register('m', { files: files('2') });
    await measured(registry, 'm@2', 0.9);
    await move(registry, 'm@2');
    await registry.ledger.checkpoint();
    const again = await openRegistry(storage, { actor: 'maria' });
    expect(again.models.history('m', 'champion')).toEqual(registry.models.history('m', 'champion'));
    expect(again.policies.get('m')).toEqual(registry.policies.get('m'));
  });
});

const VERSIONS = [
  { word: 'retrained', features: undefined },
  { word: 'other features', features: digestJson('g') },
];
const command = fc.record({
  who: fc.integer({ min: 0, max: 1 }),
  version: fc.integer({ min: 1, max: 4 }),
  what: fc.oneof(
    { arbitrary: fc.constantFrom('measure well', 'move'), weight: 4 },
    {
      arbitrary: fc.constantFrom('measure badly', 'register', 'approve', 'withdraw', 'roll back', 'forge', 'wait'),
      weight: 2,
    },
  ),
});

test('property: whatever the interleaving, a move without approval is inside the plan, and one inside is not denied', async () => {
  let [planned, approved, denied] = [0, 0, 0];
  const plan: ChangePlan = { ...PLAN, until: START + 3 * 3_600_000 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(command, { minLength: 1, maxLength: 3 }), { minLength: 6, maxLength: 14 }),
      async (rounds) => {
        const { registry, clock, storage } = await factory(plan);
        const { models } = registry;
        const add = ({ word, features }: (typeof VERSIONS)[number]) =>
          models.register('m', {
            files: files(`${word} ${models.versions('m').length}`),
            contract,
            features,
          });
        for (const version of VERSIONS) await add(version);
        const offices = [await neighbour(storage, clock, 'ines', 5), await neighbour(storage, clock, 'ravi', 6)];
        for (const round of rounds)
          await Promise.all(
            round.map(async ({ who, version, what }) => {
              const office = offices[who]!;
              const id = `m@${version}`;
              try {
                if (what === 'measure well') await measured(office, id, 0.8);
                else if (what === 'measure badly') await measured(office, id, 0.6);
                else if (what === 'register') await add(VERSIONS[version % 2]!);
                else if (what === 'approve') await office.models.approve(id, { role: 'risk', reason: 'fine' });
                else if (what === 'withdraw') await office.models.withdrawApproval(id, { role: 'risk', reason: 'no' });
                else if (what === 'roll back') await office.models.rollBack('m', 'champion', { reason: 'back' });
                else if (what === 'wait') await clock.advance(1_800_000);
                else if (what === 'forge') await forge(office, id);
                else await move(office, id);
              } catch (error) {
                const { code } = error as { readonly code?: string };
                if (!['registry/denied', 'state/not-found', 'state/precondition'].includes(code ?? '')) throw error;
              }
            }),
          );
        await registry.ledger.refresh();
        const truth = await replay(registry, plan);
        expect(models.aliased('m', 'champion')?.id).toBe(truth.champion);
        planned += truth.planned;
        approved += truth.approved;
        denied += truth.denied;
      },
    ),
    { numRuns: 40 },
  );
  // It would hold for a registry that never moves anything, too.
  expect(planned).toBeGreaterThan(10);
  expect(approved).toBeGreaterThan(5);
  expect(denied).toBeGreaterThan(10);
});

/** A move that claims the plan's cover, written past the library. */
async function forge(office: Registry, to: string): Promise<void> {
  const generation = office.models.history('m', 'champion').length + 1;
  const from = office.models.aliased('m', 'champion')!.id;
  const claims = { kind: 'move', reason: '', evidence: [], plan: digestJson(PLAN) };
  const data = { model: 'm', alias: 'champion', to, from, generation, ...claims };
  await office.ledger.commit(() => ({ events: [{ type: 'alias.moved', data }], result: undefined }));
}

/** Judges the log again, by own words for what the plan says. */
async function replay(registry: Registry, { until }: ChangePlan) {
  type Facts = { features: string | undefined; auc: number | undefined; approvals: Set<string> };
  const versions = new Map<string, Facts>();
  const counts = { planned: 0, approved: 0, denied: 0 };
  const before: string[] = [];
  let champion: string | undefined;
  let generation = 0;
  const inside = (to: Facts, time: number) =>
    champion !== undefined &&
    versions.get(champion)!.features === to.features &&
    (to.auc ?? Number.NaN) >= 0.7 &&
    time <= until!;
  for await (const { type, data, actor, time } of registry.ledger.read()) {
    const facts = versions.get(String(data['version'] ?? data['to']));
    if (type === 'version.registered')
      versions.set(`m@${data['number']}`, {
        features: data['features'] as string | undefined,
        auc: undefined,
        approvals: new Set(),
      });
    else if (type === 'evidence.attached') facts!.auc = Number((data['metrics'] as [{ value: number }])[0].value);
    else if (type === 'approval.given') facts!.approvals.add(actor);
    else if (type === 'approval.withdrawn') facts!.approvals.delete(actor);
    else if (type === 'command.denied') {
      counts.denied++;
      expect(inside(facts!, time)).toBe(false);
    } else if (type === 'alias.moved') {
      if (data['generation'] !== generation + 1 || data['from'] !== champion || facts === undefined) continue;
      const byPeople = facts.approvals.size > 0;
      if (data['kind'] === 'move') {
        if (!byPeople && !inside(facts, time)) continue;
        if (byPeople) counts.approved++;
        else counts.planned++;
        if (champion !== undefined) before.push(champion);
      } else expect(before.pop()).toBe(data['to']);
      generation++;
      champion = String(data['to']);
      const record = registry.models.history('m', 'champion')[generation - 1];
      expect(record?.version).toBe(champion);
      if (data['kind'] === 'move') expect(record?.plan !== undefined).toBe(!byPeople);
    }
  }
  return { champion, ...counts };
}
