import { type Random, seededRandom, sleep } from '@millwright/core';
import { type LedgerEvent, openLedger } from '@millwright/core/ledger';
import { memoryLog } from '@millwright/core/storage';
import { pessimisticLog, virtualClock } from '@millwright/core/testing';
import { expect, test } from 'vitest';
import { isFinal, type RolloutState } from '../../src/rollout/index.js';
import { HOUR, START } from './harness.js';
import { boot, inTime, type Process, SHORT, traffic } from './processes.js';

/** `MILLWRIGHT_SCHEDULES=10000` plays as many as the documentation speaks of. */
const SCHEDULES = Number(process.env['MILLWRIGHT_SCHEDULES'] ?? 400);

test(`two controllers under ${SCHEDULES} schedules: no kill is lost, no stage comes twice, both end where the ledger says`, {
  timeout: 3_600_000,
}, async () => {
  const ends = { completed: 0, rolledBack: 0, killed: 0, killedTooLate: 0 };
  for (let seed = 1; seed <= SCHEDULES; seed++) ends[await play(seed)]++;
  // Every kind of ending was seen, so none of the promises is empty.
  for (const [name, count] of Object.entries(ends)) expect(count, name).toBeGreaterThan(SCHEDULES / 100);
});

/**
 * One schedule, all of it drawn from the seed: who looks when, how slow the store is and what it loses, when it is away for
 * one of the two, which process starts again, and who kills the rollout when. Looks overlap: nobody waits for the other.
 */
async function play(seed: number): Promise<'completed' | 'rolledBack' | 'killed' | 'killedTooLate'> {
  const random = seededRandom(seed);
  const clock = virtualClock(START);
  const log = memoryLog();
  const context = `seed ${seed}`;
  const delayMs = [0, 10_000, HOUR / 2][pick(3, random)]!;
  const both = [await controller('a'), await controller('b')];
  const rate = random.next() < 0.5 ? 0.1 : 0.7;
  const killAt = random.next() < 0.5 ? pick(25, random) : undefined;
  let killer: Controller | undefined;
  let killed: Promise<RolloutState> | undefined;
  const looks: Promise<unknown>[] = [];

  async function controller(name: string): Promise<Controller> {
    const faults = { conflict: 0.2, lostResponse: 0.1, lostRequest: 0.1, staleHead: 0.2 };
    const link = { down: false };
    const before = () => {
      if (link.down) throw new TypeError('the store is away');
      return delayMs === 0 ? undefined : sleep(clock, random.next() * delayMs);
    };
    const unkind = pessimisticLog(log, { random, ...faults, before });
    const options = { replica: name, flushMs: 2 * HOUR };
    return { ...(await inTime(clock, boot(unkind, clock, pick(2 ** 31, random), options))), name, link };
  }

  /** Asks for the kill, and looks until a look works: what the killer knows then. */
  async function kill({ rollout }: Controller): Promise<RolloutState> {
    for (let done = await works(rollout.kill('smoke')); !done; done = await works(rollout.tick()))
      await sleep(clock, HOUR / 4);
    return rollout.state;
  }

  for (let step = 0; step < 40 && !both.every(({ rollout }) => isFinal(rollout.state)); step++) {
    for (const [i, one] of both.entries()) traffic(one, 2 * (40 * seed + step) + i, rate, 30);
    await clock.advance(pick(HOUR, random));
    for (const { link } of both) link.down = random.next() < 0.15;
    for (const [i, one] of both.entries()) {
      if (random.next() < 0.7) looks.push(one.rollout.tick().catch(() => undefined));
      if (random.next() < 0.04 && one !== killer && !one.link.down) {
        // It dies in the middle of whatever it does, and its successor knows only what the ledger says.
        one.link.down = true;
        both[i] = await controller(one.name);
      }
    }
    if (step === killAt) {
      killer = both[pick(2, random)]!;
      const over = isFinal(killer.rollout.state);
      killed = kill(killer);
      if (!over) expectChampionOnly(killer, context);
    }
  }
  for (const { link } of both) link.down = false;
  await inTime(clock, Promise.all(looks));
  for (let i = 0; i < 60 && !both.every(({ rollout }) => isFinal(rollout.state)); i++) {
    for (const [k, one] of both.entries()) traffic(one, 900_000 + 2 * i + k, rate, 30);
    await clock.advance(HOUR);
    await inTime(clock, Promise.all(both.map(({ rollout }) => rollout.tick())));
    // Uneven arms are noticed by chance now and then; the person who looks goes on.
    const paused = both.find(({ rollout }) => rollout.state.status === 'paused');
    if (paused !== undefined) await inTime(clock, paused.rollout.resume('looked at'));
  }
  // Whose look failed when it ended tidies up at its next one.
  await inTime(clock, Promise.all(both.map(({ rollout }) => rollout.tick())));

  const { state } = both[0]!.rollout;
  const seenByKiller = killed && (await inTime(clock, killed));
  const events: LedgerEvent[] = [];
  const auditor = await openLedger({ log, actor: 'auditor' });
  for await (const event of auditor.read()) events.push(event);
  expectEachStepOnce(events, context);
  for (const one of both) expectToServe(one, state, context);
  expect((await auditor.verify()).ok, context).toBe(true);

  if (state.killed) {
    expect(seenByKiller, context).toBeDefined();
    expect(state.status, context).toBe('rolledBack');
    return 'killed';
  }
  if (seenByKiller === undefined) return state.status as 'completed' | 'rolledBack';
  // Only an end that was there before the kill could be written excuses that it is not.
  expect(isFinal(seenByKiller), context).toBe(true);
  return 'killedTooLate';
}

const works = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  );

interface Controller extends Process {
  readonly name: string;
  readonly link: { down: boolean };
}

function expectEachStepOnce(events: readonly LedgerEvent[], context: string): void {
  const stages = events.filter(({ type }) => type === 'rollout.stageEntered').map(({ data }) => data['stage']);
  expect(stages, context).toEqual(SHORT.stages.slice(0, stages.length).map((_, stage) => stage));
  const once = [
    'submitted',
    'promotionStarted',
    'cutoverCommitted',
    'rollbackStarted',
    'killed',
    'completed',
    'rolledBack',
  ];
  for (const type of once) {
    const times = events.filter((event) => event.type === `rollout.${type}`).length;
    expect(times, `${context} ${type}`).toBeLessThanOrEqual(1);
  }
}

function expectToServe({ rollout, champion, endpoint }: Controller, state: RolloutState, context: string): void {
  const right = state.status === 'completed' ? 'm@2' : 'm@1';
  expect(rollout.state.status, context).toBe(state.status);
  expect(champion(), context).toBe(right);
  expect(endpoint.model('champion'), context).toBe(right);
  expect(endpoint.model('challenger'), context).toBeUndefined();
  expect(endpoint.policy, context).toBeUndefined();
}

function expectChampionOnly({ endpoint }: Controller, context: string): void {
  const arms = Array.from({ length: 50 }, (_, i) => {
    const id = `after the kill ${i}`;
    return endpoint.serve({ unit: id, decisionId: id, answer: () => ({}) }).armAssigned;
  });
  expect(new Set(arms), context).toEqual(new Set(['champion']));
}

const pick = (n: number, random: Random) => Math.floor(random.next() * n);
