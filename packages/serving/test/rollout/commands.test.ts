import { seededRandom } from '@millwright/core';
import { memoryLog } from '@millwright/core/storage';
import { pessimisticLog } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import {
  defineRollout,
  type RolloutSpec,
  rolloutCommands,
  type StartRolloutOptions,
  startRollout,
  statisticsOf,
} from '../../src/rollout/index.js';
import { fakeTarget, HOUR, type World, world } from './harness.js';

const SPEC: RolloutSpec = {
  challenger: 'm@2',
  stages: ['50%'],
  minDwell: '1h',
  minUnits: 10,
  minMatured: 10,
  bake: '2h',
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.9 } }],
};

const start = (w: World, change: Partial<RolloutSpec> = {}, options: StartRolloutOptions = {}) =>
  startRollout(w.target, w.endpoint, defineRollout({ ...SPEC, ...change }), {
    clock: w.clock,
    random: seededRandom(3),
    ...options,
  });

/** Hours of requests of which 40 % fail, whoever answers. */
async function hours(w: World, rollout: { tick(): Promise<unknown> }, count: number, each = 300): Promise<void> {
  const random = seededRandom(w.clock.now() / HOUR);
  for (let hour = 0; hour < count; hour++) {
    for (let i = 0; i < each; i++) {
      const id = `${w.clock.now()}-${i}`;
      w.endpoint.serve({
        unit: id,
        decisionId: id,
        answer: () => ({ status: random.next() < 0.4 ? 'failed' : 'answered' }),
      });
    }
    await w.clock.advance(HOUR);
    await rollout.tick();
  }
}

describe('people', { timeout: 60_000 }, () => {
  test('the author cannot approve; somebody else can, and that is bound to the evidence', async () => {
    const w = await world();
    const rollout = await start(w, { approvals: 1 });
    await expect(rollout.approve({ actor: 'otto', reason: 'early' })).rejects.toMatchObject({ code: 'rollout/state' });
    await hours(w, rollout, 5);
    expect(rollout.state.status).toBe('awaitingApproval');
    await rollout.approve({ actor: 'maria', reason: 'mine' });
    expect(rollout.state.status).toBe('awaitingApproval');
    await rollout.approve({ actor: 'otto', reason: 'read the evidence' });
    expect(rollout.state.status).toBe('baking');
    expect(rollout.state.approvals.at(-1)).toMatchObject({
      actor: 'otto',
      evidence: expect.stringMatching(/^sha256:/),
    });
    expect(w.champion()).toBe('m@2');
  });

  test('a pause freezes the share until somebody resumes', async () => {
    const w = await world();
    const rollout = await start(w);
    await rollout.pause('a storm is coming');
    await hours(w, rollout, 6);
    expect(rollout.state).toMatchObject({
      status: 'paused',
      paused: { reason: 'requested', sentence: 'a storm is coming' },
    });
    await rollout.resume('it has passed', { actor: 'otto' });
    await hours(w, rollout, 2);
    expect(rollout.state.status).toBe('baking');
    await expect(rollout.resume('twice')).rejects.toMatchObject({ code: 'rollout/state' });
  });

  test('going back while the new champion is baking moves the alias back too', async () => {
    const w = await world();
    const rollout = await start(w);
    await hours(w, rollout, 4);
    expect([rollout.state.status, w.champion(), w.endpoint.model('champion')]).toEqual(['baking', 'm@2', 'm@2']);
    expect(w.endpoint.model('previous')).toBe('m@1');
    await rollout.rollBack('customers complain');
    expect([rollout.state.status, w.champion(), w.endpoint.model('champion')]).toEqual(['rolledBack', 'm@1', 'm@1']);
    expect(w.endpoint.model('previous')).toBeUndefined();
  });

  test('a kill holds here although the store is away, and is written when it is back', async () => {
    const inner = memoryLog();
    let away = false;
    const before = () => {
      if (away) throw new TypeError('the store is away');
    };
    const w = await world({ log: pessimisticLog(inner, { random: seededRandom(1), before }) });
    const rollout = await start(w);
    away = true;
    await expect(rollout.kill('smoke')).rejects.toThrow();
    const arms = Array.from({ length: 100 }, (_, i) => `k${i}`).map(
      (unit) => w.endpoint.serve({ unit, decisionId: unit, answer: () => ({}) }).armAssigned,
    );
    expect(new Set(arms)).toEqual(new Set(['champion']));
    away = false;
    await rollout.tick();
    expect(rollout.state).toMatchObject({
      status: 'rolledBack',
      killed: true,
      cause: { cause: 'killed', sentence: 'smoke' },
    });
  });

  test('whoever does not serve the model writes what shall be done, and those who serve it obey at their next look', async () => {
    const w = await world();
    const rollout = await start(w);
    const commands = rolloutCommands(w.target, rollout.id);
    await commands.pause('Who is on call?', { actor: 'otto' });
    await expect(commands.approve({ actor: 'otto', reason: 'early' })).rejects.toMatchObject({ code: 'rollout/state' });
    expect((await rollout.tick()).status).toBe('paused');
    await commands.kill('smoke', { actor: 'otto' });
    expect(await rollout.tick()).toMatchObject({ status: 'rolledBack', killed: true, cause: { sentence: 'smoke' } });
    const { armAssigned } = w.endpoint.serve({ unit: 'k', decisionId: 'k', answer: () => ({}) });
    expect(armAssigned).toBe('champion');
    await expect(rolloutCommands(w.target, 'elsewhere').kill('smoke')).rejects.toMatchObject({
      code: 'state/not-found',
    });
  });
});

describe('what stops a rollout', { timeout: 60_000 }, () => {
  test('without a verdict it pauses and asks; it never promotes by lapse of time', async () => {
    const w = await world();
    const rollout = await start(w, { maxDuration: '10h', minUnits: 1_000_000 });
    const paused: string[] = [];
    rollout.events.on('paused', ({ reason, because: { sentence } }) => paused.push(`${reason}: ${sentence}`));
    await hours(w, rollout, 30, 10);
    expect(rollout.state.status).toBe('paused');
    expect(paused).toHaveLength(1);
    expect(paused[0]).toMatch(/^inconclusive: There is no verdict after 10 hours\. .*units in each arm/);
  });

  test('labels that never come are an outage, not a pass', async () => {
    const w = await world();
    const label = { id: 'wrong', kind: 'label', better: 'lower', margin: { relative: 0.5 }, window: '1h' } as const;
    const rollout = await start(w, { metrics: [label] });
    await hours(w, rollout, 6);
    expect(rollout.state).toMatchObject({ status: 'paused', paused: { reason: 'missingOutcomes' } });
    await rollout.resume('the feed is slow today');
    await hours(w, rollout, 2);
    expect(rollout.state.status).toBe('holding');
  });

  test('a registry that refuses the alias leaves the rollout waiting, with its reasons', async () => {
    const w = await world();
    const target = fakeTarget(w.ledger, () => 'no model card');
    const rollout = await startRollout(target, w.endpoint, defineRollout(SPEC), { clock: w.clock });
    await hours(w, rollout, 5);
    expect(rollout.state).toMatchObject({ status: 'paused', paused: { reason: 'denied' } });
    expect(rollout.state.paused?.sentence).toContain('no model card');
    expect(w.champion()).toBe('m@1');
  });

  test('a challenger that cannot be loaded is refused before anything is written', async () => {
    const w = await world();
    w.endpoint.arms.prepare = () => Promise.reject(new TypeError('not a model'));
    const before = w.ledger.head.size;
    await expect(start(w)).rejects.toThrow('not a model');
    expect(w.ledger.head.size).toBe(before);
  });
});

describe('traffic that is known beforehand', { timeout: 60_000 }, () => {
  const rates = { errors: 0.4 };

  test('and too little to conclude is refused before anything is written or loaded; joining asks nobody', async () => {
    const w = await world();
    const scarce = { unitsPerDay: 2, rates };
    await expect(start(w, {}, { traffic: scarce })).rejects.toMatchObject({
      code: 'rollout/invalid',
      details: {
        path: 'traffic',
        reason: expect.stringMatching(/^To prove errors within its margin takes about \d+ rows/),
      },
    });
    expect(w.endpoint.model('challenger')).toBeUndefined();
    const { id } = await start(w, {}, { traffic: { unitsPerDay: 10_000, rates } });
    expect((await start(w, {}, { traffic: scarce })).id).toBe(id);
  });

  test('and not known in all is tried', async () => {
    const rollout = await start(await world(), {}, { traffic: { unitsPerDay: 10_000, rates: {} } });
    expect(rollout.state.status).toBe('holding');
  });
});

describe('the ledger', { timeout: 60_000 }, () => {
  test('is told the sums of an epoch when they have changed, and never loses any', async () => {
    const w = await world();
    const stages = ['10%', '20%', '30%', '40%', '50%'] as const;
    const rollout = await start(
      w,
      { stages, metrics: [{ ...SPEC.metrics[0]!, margin: { relative: 0.5 } }] },
      { flushMs: HOUR },
    );
    await hours(w, rollout, 12);
    const written: number[][] = [];
    for await (const { type, data } of w.ledger.read())
      if (type === 'rollout.observed') written.push((data['epochs'] as { epoch: number }[]).map(({ epoch }) => epoch));
    expect(written.length).toBeGreaterThan(10);
    for (const epochs of written) expect(epochs.length).toBeLessThanOrEqual(2);
    const exposed = statisticsOf(rollout.state).map(({ exposures }) => exposures[0] + exposures[1]);
    expect(exposed.length).toBe(5);
    expect(exposed.reduce((a, b) => a + b, 0)).toBe(rollout.outcomes.counts.rows);
  });
});

describe('one rollout per alias', { timeout: 60_000 }, () => {
  test('another one is refused, or takes its place when told to', async () => {
    const w = await world();
    const first = await start(w);
    await expect(start(w, { challenger: 'm@3' })).rejects.toMatchObject({ code: 'rollout/state' });
    const second = await start(w, { challenger: 'm@3' }, { supersede: true, random: seededRandom(4) });
    expect(second.state).toMatchObject({ status: 'holding', challenger: 'm@3' });
    expect((await first.tick()).status).toBe('superseded');
    expect(w.endpoint.model('challenger')).toBe('m@3');
    expect(w.endpoint.policy?.salt).toBe(second.id);
  });

  test('the same definition joins, also after the end, unless it is told to try again', async () => {
    const w = await world();
    const first = await start(w);
    await first.rollBack('no');
    const joined = await start(w, {}, { random: seededRandom(4) });
    expect([joined.id, joined.state.status]).toEqual([first.id, 'rolledBack']);
    const again = await start(w, {}, { again: true, random: seededRandom(5) });
    expect(again.id).not.toBe(first.id);
    expect(again.state.status).toBe('holding');
  });
});

describe('blue-green', { timeout: 60_000 }, () => {
  test('moves everything at once after its time, and keeps the way back', async () => {
    const w = await world();
    const rollout = await start(w, { mode: 'blueGreen', stages: undefined });
    expect(w.endpoint.policy?.shares.get('challenger')).toBeUndefined();
    await hours(w, rollout, 2);
    expect([rollout.state.status, w.champion(), w.endpoint.model('previous')]).toEqual(['baking', 'm@2', 'm@1']);
    await hours(w, rollout, 3);
    expect(rollout.state.status).toBe('completed');
    expect(w.endpoint.policy).toBeUndefined();
  });
});

describe('a replica that loses the ledger', { timeout: 60_000 }, () => {
  test('gives the challenger no more traffic after the hard time to live, and counts none of it', async () => {
    const w = await world();
    const rollout = await start(w, { hardTtl: '10m', minUnits: 1e6 }, { tickMs: 60_000 });
    const challenged = () => {
      const ids = Array.from({ length: 200 }, (_, i) => `${w.clock.now()}-${i}`);
      const decisions = ids.map((unit) => w.endpoint.serve({ unit, decisionId: unit, answer: () => ({}) }));
      return decisions.filter(({ armAssigned }) => armAssigned === 'challenger').length;
    };
    await w.clock.advance(HOUR);
    expect(challenged()).toBeGreaterThan(50);
    const { rows } = rollout.outcomes.counts;
    w.ledger.refresh = () => Promise.reject(new TypeError('partitioned'));
    await w.clock.advance(9 * 60_000);
    expect(challenged()).toBeGreaterThan(50);
    await w.clock.advance(2 * 60_000);
    expect(challenged()).toBe(0);
    expect(rollout.outcomes.counts.rows).toBe(rows + 200);
  });

  test('says that its policy is stale after three looks in vain, and serves it on until the hard time to live', async () => {
    const w = await world();
    const rollout = await start(w, { hardTtl: '10m', minUnits: 1e6 }, { tickMs: 60_000 });
    await w.clock.advance(HOUR);
    expect(rollout.stale).toBe(false);
    const refresh = w.ledger.refresh.bind(w.ledger);
    w.ledger.refresh = () => Promise.reject(new TypeError('partitioned'));
    await w.clock.advance(3 * 60_000);
    expect(rollout.stale).toBe(false);
    await w.clock.advance(1);
    expect(rollout.stale).toBe(true);
    expect(w.endpoint.policy?.shares.get('challenger')).toBe(0.5);
    w.ledger.refresh = refresh;
    await w.clock.advance(60_000);
    expect(rollout.stale).toBe(false);
  });
});

describe('by itself', { timeout: 60_000 }, () => {
  test('looks every tickMs, and a look that fails is reported and repeated', async () => {
    const w = await world();
    const rollout = await start(w, {}, { tickMs: HOUR / 2 });
    const failures: unknown[] = [];
    rollout.events.on('failed', ({ error }) => failures.push(error));
    const refresh = w.ledger.refresh.bind(w.ledger);
    w.ledger.refresh = () => Promise.reject(new TypeError('away'));
    await w.clock.advance(HOUR);
    expect(failures).toHaveLength(2);
    w.ledger.refresh = refresh;
    await hours(w, { tick: async () => undefined }, 4);
    expect(rollout.state.status).toBe('completed');
    await rollout.close();
    expect(w.clock.scheduled).toBe(0);
  });
});
