import { digestJson, type EvidenceNote } from '@millwright/core';
import { exportProof, type LedgerEvent } from '@millwright/core/ledger';
import { ed25519Signer, ed25519Verifier, verifierKeyOf, verifyEventProof } from '@millwright/core/verifier';
import { describe, expect, test } from 'vitest';
import { compare, type GatePolicy, gate } from '../../src/evaluation/index.js';
import type { AliasPolicy, Registry } from '../../src/index.js';
import { desk, HOUR, withVersions } from '../desk.js';

const CHAMPION = ['flight-delay', 'champion'] as const;
const V1 = 'flight-delay@1';

async function policed(policy: AliasPolicy) {
  const { registry, clock } = await desk();
  await withVersions(registry, 2);
  await registry.policies.set('flight-delay', { aliases: { champion: policy } });
  const move = (options: { actor?: string; breakGlass?: boolean; attach?: readonly EvidenceNote[] } = {}) =>
    registry.models.moveAlias(...CHAMPION, V1, { reason: 'go', ...options });
  return { registry, clock, move };
}

async function eventsOf(registry: Registry, type: string): Promise<readonly LedgerEvent[]> {
  const found: LedgerEvent[] = [];
  for await (const event of registry.ledger.read()) if (event.type === type) found.push(event);
  return found;
}

describe('a policy', () => {
  test('asks for evidence; a denial names what is missing and is written down', async () => {
    const { registry, move } = await policed({ evidence: [{ kind: 'gate' }] });
    await expect(move({ actor: 'ana' })).rejects.toMatchObject({
      code: 'registry/denied',
      details: { action: 'alias.move', reasons: ['No evidence of kind `gate`.'] },
    });
    const [denied] = await eventsOf(registry, 'command.denied');
    expect(denied).toMatchObject({ actor: 'ana', data: { model: 'flight-delay', alias: 'champion', version: V1 } });
    expect(denied?.data['policy']).toBe(registry.policies.get('flight-delay')?.digest);

    await registry.models.attachEvidence(V1, { decision: 'hold' });
    await expect(move()).rejects.toThrow(/does not decide/);
    const { evidence } = await registry.models.attachEvidence(V1, { decision: 'promote' });
    expect(await move()).toMatchObject({ version: V1, evidence: [evidence[1]?.digest], breakGlass: false });
  });

  test('is named in the commit info of what it allowed and what it denied, so a proof shows it offline', async () => {
    const { registry, move } = await policed({ evidence: [{ kind: 'gate' }] });
    await expect(move({ actor: 'ana' })).rejects.toThrow();
    await registry.models.attachEvidence(V1, { decision: 'promote' });
    const policy = registry.policies.get('flight-delay')!.digest;
    await move({ actor: 'ana' });
    const keys = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
    const signers = [ed25519Signer('factory', keys.privateKey, raw)];
    const verifiers = [await ed25519Verifier(verifierKeyOf('factory', raw))];
    for (const type of ['alias.moved', 'command.denied']) {
      const [event] = await eventsOf(registry, type);
      const proof = await exportProof(registry.ledger, event!.index, { signers });
      expect(await verifyEventProof(proof, { verifiers })).toMatchObject({
        ok: true,
        event: { type, commit: { actor: 'ana', actorAssurance: 'asserted', time: event!.time, policy } },
      });
    }
  });

  test('goes by the newest evidence of a kind: a later failure undoes a pass', async () => {
    const { registry, move } = await policed({ evidence: [{ kind: 'gate' }] });
    await registry.models.attachEvidence(V1, { decision: 'promote' });
    await registry.models.attachEvidence(V1, { decision: 'block' });
    await expect(move()).rejects.toThrow(/fails/);
  });

  test('asks for fresh evidence', async () => {
    const { registry, clock, move } = await policed({ evidence: [{ kind: 'gate', maxAgeMs: HOUR }] });
    await registry.models.attachEvidence(V1, { decision: 'promote' });
    await clock.advance(2 * HOUR);
    await expect(move()).rejects.toThrow(/ms old/);
    await registry.models.attachEvidence(V1, { decision: 'promote' });
    await clock.advance(HOUR / 2);
    expect((await move()).version).toBe(V1);
  });

  test('asks for figures, overall and on slices; missing and NaN do not hold', async () => {
    const { registry, move } = await policed({
      evidence: [
        {
          kind: 'gate',
          metrics: [
            { metric: 'auc', atLeast: '0.7' },
            { metric: 'auc', slice: 'origin=ORD', atLeast: '0.6', atMost: '1' },
          ],
        },
      ],
    });
    const attach = (overall: number, slice?: number) =>
      registry.models.attachEvidence(V1, {
        decision: 'promote',
        metrics: [
          { metric: 'auc', value: overall },
          ...(slice === undefined ? [] : [{ metric: 'auc', slice: 'origin=ORD', value: slice }]),
        ],
      });
    await attach(0.69, 0.7);
    await expect(move()).rejects.toThrow(/is 0.69, at least 0.7/);
    await attach(0.71);
    await expect(move()).rejects.toThrow(/does not state `auc` on origin=ORD/);
    await attach(0.71, Number.NaN);
    await expect(move()).rejects.toThrow(/NaN/);
    await attach(0.7, 0.6);
    expect((await move()).version).toBe(V1);
  });

  test('asks for approvals by different people in a role, never by who registered', async () => {
    const { registry, move } = await policed({
      approvals: [{ role: 'risk', count: 2, from: ['ravi', 'ines', 'maria'] }],
    });
    const approve = (actor: string, role = 'risk') => registry.models.approve(V1, { role, reason: 'fine', actor });
    await approve('ravi');
    await approve('ravi');
    await approve('maria');
    await approve('zoe');
    await approve('ines', 'legal');
    await expect(move()).rejects.toThrow(/1 of 2 approvals/);
    await approve('ines');
    await registry.models.withdrawApproval(V1, { role: 'risk', reason: 'saw the night flights', actor: 'ravi' });
    await expect(move()).rejects.toThrow(/1 of 2 approvals/);
    await approve('ravi');
    expect((await move()).version).toBe(V1);
  });

  test('lets registrants approve only where it says so', async () => {
    const { registry, move } = await policed({ approvals: [{ role: 'risk' }], separationOfDuties: false });
    await registry.models.approve(V1, { role: 'risk', reason: 'my own' });
    expect((await move()).version).toBe(V1);
  });

  test('names who may move the alias, and what it must have been before', async () => {
    const { registry, move } = await policed({ actors: ['release-bot'], after: 'canary' });
    await expect(move()).rejects.toThrow(/maria may not move this alias. The version has not been `canary`/);
    await expect(move({ actor: 'release-bot' })).rejects.toThrow(/has not been `canary`/);
    await registry.models.moveAlias('flight-delay', 'canary', V1, { reason: 'try' });
    expect((await move({ actor: 'release-bot' })).by).toBe('release-bot');
    await expect(registry.models.removeAlias(...CHAMPION, { reason: 'off' })).rejects.toMatchObject({
      code: 'registry/denied',
    });
  });

  test('counts evidence that comes with the move, and attaches it in the same commit', async () => {
    const { registry, move } = await policed({ evidence: [{ kind: 'rollout' }] });
    const note = (verdict: 'pass' | 'fail'): EvidenceNote => ({
      kind: 'rollout',
      verdict,
      digest: digestJson(verdict),
    });
    await expect(move({ attach: [note('fail')] })).rejects.toThrow(/fails/);
    expect(registry.models.version(V1).evidence).toEqual([]);
    const record = await move({ attach: [note('pass')] });
    expect(record.evidence).toEqual([digestJson('pass')]);
    expect(registry.models.version(V1).evidence[0]).toMatchObject({ kind: 'rollout', time: record.time });
  });

  test('can be overridden by those it names, and the ledger says so', async () => {
    const { registry, move } = await policed({ evidence: [{ kind: 'gate' }], breakGlass: ['oncall'] });
    await expect(move({ breakGlass: true })).rejects.toThrow(/maria may not override/);
    expect(await move({ actor: 'oncall', breakGlass: true })).toMatchObject({ breakGlass: true, reason: 'go' });
    expect(registry.models.history(...CHAMPION)[0]?.policy).toBe(registry.policies.get('flight-delay')?.digest);
  });

  test('never stands in the way of a rollback', async () => {
    const { registry, move } = await policed({
      evidence: [{ kind: 'gate' }],
      approvals: [{ role: 'risk' }],
      actors: ['bot'],
      breakGlass: ['oncall'],
    });
    await move({ actor: 'oncall', breakGlass: true });
    await registry.models.moveAlias(...CHAMPION, 'flight-delay@2', {
      reason: 'worse',
      actor: 'oncall',
      breakGlass: true,
    });
    expect((await registry.models.rollBack(...CHAMPION, { reason: 'pager', actor: 'anyone' })).version).toBe(V1);
  });

  test('is changed by its guardians only, and another set of rules has another digest', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const first = await registry.policies.set('flight-delay', {
      guardians: ['ines'],
      aliases: { champion: { actors: ['bot'] } },
    });
    await expect(registry.policies.set('flight-delay', {})).rejects.toMatchObject({ code: 'registry/denied' });
    expect(registry.policies.get('flight-delay')).toEqual(first);
    const second = await registry.policies.set(
      'flight-delay',
      { gate: { alpha: 0.01 } },
      { actor: 'ines', reason: 'quarterly' },
    );
    expect(second.digest).not.toBe(first.digest);
    expect(second.gate).toEqual({ alpha: 0.01, rules: [{ rule: 'superior' }, { rule: 'noHarm' }] });
    expect(await eventsOf(registry, 'command.denied')).toHaveLength(1);
  });

  test('that is not well formed is refused, with the place', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const set = (champion: object) => registry.policies.set('flight-delay', { aliases: { champion } });
    await expect(set({ evidence: [{ kind: 'gate', metrics: [{ metric: 'auc', atLeast: 'high' }] }] })).rejects.toThrow(
      /policy.aliases.champion.evidence.0.metrics.0.atLeast/,
    );
    await expect(set({ evidnce: [] })).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(registry.policies.set('nope', {})).rejects.toMatchObject({ code: 'state/not-found' });
    expect(registry.policies.get('flight-delay')).toBeUndefined();
  });
});

test('a raw event cannot do what the policy forbids: the fold judges again', async () => {
  const { registry } = await policed({ evidence: [{ kind: 'gate' }] });
  const forged = {
    model: 'flight-delay',
    alias: 'champion',
    to: V1,
    generation: 1,
    kind: 'move',
    reason: 'trust me',
    evidence: [],
  };
  await registry.ledger.commit(
    () => ({
      events: [
        { type: 'alias.moved', data: forged },
        { type: 'alias.moved', data: { ...forged, breakGlass: true } },
      ],
      result: undefined,
    }),
    { actor: 'mallory' },
  );
  expect(registry.models.aliased(...CHAMPION)).toBeUndefined();
  expect(registry.ignored().map((i) => i.reason)).toEqual([
    'No evidence of kind `gate`.',
    'No evidence of kind `gate`.',
  ]);
});

test('a rollout moves the alias in its own commit, by the same rules', async () => {
  const { registry } = await policed({ evidence: [{ kind: 'rollout' }] });
  const move = { model: 'flight-delay', alias: 'champion', version: V1, reason: 'better in the canary', evidence: [] };
  const promote = (attach: readonly EvidenceNote[]) =>
    registry.ledger.commit((view) => ({
      events: [{ type: 'rollout.promoted', data: { version: V1 } }, ...registry.moveAlias(view, { ...move, attach })],
      result: undefined,
    }));
  await expect(promote([])).rejects.toMatchObject({ code: 'registry/denied' });
  expect(await eventsOf(registry, 'rollout.promoted')).toEqual([]);
  const { events } = await promote([{ kind: 'rollout', verdict: 'pass', digest: digestJson('r') }]);
  expect(events.map((e) => e.type)).toEqual(['rollout.promoted', 'evidence.attached', 'alias.moved']);
  expect(registry.models.aliased(...CHAMPION)?.id).toBe(V1);
});

test('a rollout goes back without evidence, and only to where the alias was', async () => {
  const { registry, move } = await policed({ evidence: [{ kind: 'rollout' }], breakGlass: ['oncall'] });
  await move({ actor: 'oncall', breakGlass: true });
  await registry.models.moveAlias(...CHAMPION, 'flight-delay@2', { reason: 'go', actor: 'oncall', breakGlass: true });
  const back = (version: string) =>
    registry.ledger.commit((view) => ({
      events: registry.moveAlias(view, {
        model: 'flight-delay',
        alias: 'champion',
        version,
        reason: 'killed',
        evidence: [],
        rollback: true,
      }),
      result: undefined,
    }));
  expect((await back(V1)).events.map((e) => e.data['kind'])).toEqual(['rollback']);
  expect((await back(V1)).events).toEqual([]);
  await expect(back('flight-delay@2')).rejects.toMatchObject({ code: 'registry/denied' });
});

test("a gate's verdict counts when it was reached by the model's own rules", async () => {
  const { registry } = await desk();
  await withVersions(registry, 1);
  const strict: GatePolicy = { rules: [{ rule: 'superior', metric: 'accuracy' }, { rule: 'noHarm' }] };
  await registry.policies.set('flight-delay', {
    aliases: { champion: { evidence: [{ kind: 'gate' }] } },
    gate: strict,
  });
  const truth = Array.from({ length: 400 }, (_, i) => i % 2);
  const report = compare({
    truth,
    champion: { name: 'old', scores: truth.map((y, i) => (i % 3 === 0 ? 1 - y : y)) },
    challenger: { name: V1, scores: truth },
    slices: { half: truth.map((_, i) => (i < 200 ? 'first' : 'second')) },
  });
  const move = () => registry.models.moveAlias(...CHAMPION, V1, { reason: 'go' });
  await registry.models.attachEvidence(V1, gate(report, { rules: [{ rule: 'superior', metric: 'accuracy' }] }));
  await expect(move()).rejects.toThrow(/other rules/);
  const { evidence } = await registry.models.attachEvidence(
    V1,
    gate(report, registry.policies.get('flight-delay')?.gate),
  );
  expect(evidence[1]).toMatchObject({
    kind: 'gate',
    verdict: 'pass',
    policy: registry.policies.get('flight-delay')?.gateDigest,
  });
  expect(evidence[1]?.metrics).toContainEqual({ metric: 'accuracy', slice: 'half=first', value: 1 });
  expect((await move()).version).toBe(V1);
});
