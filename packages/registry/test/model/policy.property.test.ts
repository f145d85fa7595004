import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeMove, type MoveFacts, type Registry } from '../../src/index.js';
import { desk, files, neighbour } from '../desk.js';

const NAME = 'flight-delay';
const PEOPLE = ['ana', 'ben', 'cem'] as const;
const POLICY = {
  evidence: [{ kind: 'gate', maxAgeMs: 40_000 }],
  approvals: [{ role: 'risk', count: 2 }],
} as const;

const command = fc.record({
  who: fc.integer({ min: 0, max: 2 }),
  version: fc.integer({ min: 1, max: 2 }),
  what: fc.oneof(
    { arbitrary: fc.constantFrom('gate pass', 'approve', 'move'), weight: 4 },
    { arbitrary: fc.constantFrom('gate fail', 'withdraw', 'roll back', 'register', 'forge', 'wait'), weight: 1 },
    // Ways around the rules, and through another door.
    {
      arbitrary: fc.constantFrom('rename', 'weaken', 'lower risk', 'delete', 'break glass', 'rollout'),
      weight: 1,
    },
  ),
});
type Command = { readonly who: number; readonly version: number; readonly what: string };

test('property: whatever the commands and their interleaving, champion is reached only with evidence and approvals', async () => {
  let moved = 0;
  let denied = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(command, { minLength: 1, maxLength: 3 }), { minLength: 8, maxLength: 16 }),
      async (rounds) => {
        const { registry, storage, clock } = await desk('ana');
        await registry.models.create(NAME, { owner: 'ops' });
        await registry.policies.set(NAME, { aliases: { champion: POLICY }, guardians: ['nobody'] });
        const offices = await Promise.all(PEOPLE.map((who, i) => neighbour(storage, clock, who, i + 10)));
        await registry.models.register(NAME, { files: files('0'), actor: 'zoe' });
        await registry.models.register(NAME, { files: files('1') });
        // A round's commands start together in their own registries: they race for the log.
        for (const round of rounds)
          await Promise.all(round.map((c) => obey(offices[c.who]!, c, clock).catch((error) => refuse(error))));

        const truth = await auditLog(registry);
        moved += truth.moves;
        denied += truth.denied;
        await registry.ledger.refresh();
        expect(registry.models.aliased(NAME, 'champion')?.id).toBe(truth.champion);
        for (const office of offices) {
          await office.ledger.refresh();
          expect(office.models.history(NAME, 'champion')).toEqual(registry.models.history(NAME, 'champion'));
        }
        const numbers = registry.models.versions(NAME).map((v) => v.number);
        expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      },
    ),
    { numRuns: 40 },
  );
  // The property would hold for a registry that never moves anything, too.
  expect(moved).toBeGreaterThan(5);
  expect(denied).toBeGreaterThan(5);
});

async function obey(
  office: Registry,
  { version, what }: Command,
  clock: { advance(ms: number): Promise<void> },
): Promise<void> {
  const id = `${NAME}@${version}`;
  const { models } = office;
  if (what === 'gate pass') await models.attachEvidence(id, { decision: 'promote' });
  else if (what === 'gate fail') await models.attachEvidence(id, { decision: 'block' });
  else if (what === 'approve') await models.approve(id, { role: 'risk', reason: 'fine' });
  else if (what === 'withdraw') await models.withdrawApproval(id, { role: 'risk', reason: 'not fine' });
  else if (what === 'move') await models.moveAlias(NAME, 'champion', id, { reason: 'go' });
  else if (what === 'roll back') await models.rollBack(NAME, 'champion', { reason: 'back' });
  else if (what === 'register') await models.register(NAME, { files: files('more') });
  else if (what === 'rename') await models.rename(NAME, `${NAME}-${version}`);
  else if (what === 'weaken') await office.policies.set(NAME, { aliases: {} });
  else if (what === 'lower risk') await models.change(NAME, { risk: 'minimal' });
  else if (what === 'delete') await models.delete(NAME, { reason: 'and start again without rules' });
  else if (what === 'break glass') await models.moveAlias(NAME, 'champion', id, { reason: 'hurry', breakGlass: true });
  else if (what === 'rollout') {
    const move = { model: NAME, alias: 'champion', version: id, reason: 'rolled out', evidence: [] };
    await office.ledger.commit((view) => ({ events: office.moveAlias(view, move), result: undefined }));
  } else if (what === 'wait') await clock.advance(15_000);
  else await forge(office, id);
}

/** What a client with the keys to the store but no manners would write. */
async function forge(office: Registry, to: string): Promise<void> {
  const generation = office.models.history(NAME, 'champion').length + 1;
  const from = office.models.aliased(NAME, 'champion')?.id;
  const data = {
    model: NAME,
    alias: 'champion',
    to,
    generation,
    kind: 'move',
    reason: '',
    evidence: [],
    ...(from === undefined ? {} : { from }),
  };
  await office.ledger.commit(() => ({ events: [{ type: 'alias.moved', data }], result: undefined }));
}

function refuse(error: unknown): void {
  const code = (error as { readonly code?: string }).code ?? '';
  if (
    !['registry/denied', 'state/not-found', 'state/precondition', 'registry/lifecycle', 'registry/exists'].includes(
      code,
    )
  )
    throw error;
}

/** Judges the log by an own, naive replay, independent of the registry's fold. */
async function auditLog(registry: Registry) {
  await registry.ledger.refresh();
  type Facts = {
    evidence: MoveFacts['evidence'][number][];
    approvals: { role: string; by: string }[];
    registeredBy: string;
  };
  const versions = new Map<string, Facts>();
  let champion: string | undefined;
  let generation = 0;
  let moves = 0;
  let denied = 0;
  const way: string[] = [];
  for await (const { type, data, actor, time } of registry.ledger.read()) {
    const facts = versions.get(String(data['version'] ?? data['to']));
    if (type === 'version.registered')
      versions.set(`${data['model']}@${data['number']}`, { evidence: [], approvals: [], registeredBy: actor });
    else if (type === 'command.denied') denied++;
    else if (type === 'evidence.attached')
      facts!.evidence.push({
        kind: 'gate',
        verdict: data['verdict'] as 'pass',
        digest: data['digest'] as never,
        by: actor,
        time,
        metrics: [],
      });
    else if (type === 'approval.given') facts!.approvals.push({ role: 'risk', by: actor });
    else if (type === 'approval.withdrawn') facts!.approvals = facts!.approvals.filter((a) => a.by !== actor);
    else if (type === 'alias.moved') {
      const to = String(data['to']);
      const forged = data['policy'] === undefined && data['kind'] === 'move';
      const allowed =
        facts !== undefined && judgeMove(POLICY, { ...facts, actor, time, pastAliases: new Set() }).allowed;
      if (data['kind'] === 'move' && !forged) expect(allowed).toBe(true);
      if (data['generation'] !== generation + 1 || data['from'] !== champion) continue;
      if (data['kind'] === 'move' && !allowed) continue;
      if (data['kind'] === 'rollback') expect(way.pop()).toBe(to);
      else if (champion !== undefined) way.push(champion);
      generation++;
      moves++;
      champion = to;
    }
  }
  return { champion, moves, denied };
}
