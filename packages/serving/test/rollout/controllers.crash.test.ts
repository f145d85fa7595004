import { type Random, seededRandom } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { pessimisticLog, type VirtualClock, virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { defineRollout, isFinal } from '../../src/rollout/index.js';
import { HOUR, START } from './harness.js';
import { boot, live, mortalLog, type Process, SHORT, type Story, traffic } from './processes.js';

/** Dies at every boundary of every story; the real SIGKILL is in the adapters' fleet tests. */
const STORIES: Readonly<Record<string, Story>> = {
  promoted: { rate: 0.3, flushMs: HOUR },
  'rolled back': { rate: 0.6, flushMs: HOUR },
  killed: {
    rate: 0.3,
    flushMs: HOUR,
    people: async (rollout, hour) => {
      if (hour >= 6 && !rollout.state.killed) await rollout.kill('smoke');
    },
  },
  'rolled back by a person while baking': {
    rate: 0.3,
    flushMs: HOUR,
    people: async (rollout) => {
      if (rollout.state.status === 'baking') await rollout.rollBack('we like the old one better');
    },
  },
  approved: {
    rate: 0.3,
    flushMs: HOUR,
    definition: defineRollout({ ...spec(), approvals: 2 }),
    people: async (rollout) => {
      for (const actor of ['anna', 'ben'])
        if (rollout.state.status === 'awaitingApproval') await rollout.approve({ actor, reason: 'looks well' });
    },
  },
  'paused for a while': {
    rate: 0.3,
    flushMs: HOUR,
    people: async (rollout, hour) => {
      if (hour === 5 && rollout.state.status === 'holding') await rollout.pause('lunch');
      if (hour > 8 && rollout.state.status === 'paused') await rollout.resume('fed');
    },
  },
  'blue-green': { rate: 0.3, flushMs: HOUR, definition: defineRollout({ ...spec(), mode: 'blueGreen', bake: '24h' }) },
};

function spec() {
  return {
    challenger: 'm@2',
    stages: ['10%', '50%'],
    minDwell: '2h',
    minUnits: 20,
    bake: '3h',
    maxDuration: '5d',
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }],
  } as const;
}

describe('a controller that dies at any boundary ends as if it had lived', { timeout: 600_000 }, () => {
  let points = 0;
  describe.each([1, 2, 3, 4])('traffic %i', (seed) => {
    test.each(Object.entries(STORIES))('%s', async (_name, story) => {
      const log = memoryLog();
      const undisturbed = mortalLog(log, Infinity, false);
      const { end } = await live(log, undisturbed, { ...story, seed });
      expect(undisturbed.appends).toBeGreaterThan(3);
      for (let at = 0; at < undisturbed.appends; at++)
        for (const written of [false, true]) {
          const disturbed = memoryLog();
          const resumed = await live(disturbed, mortalLog(disturbed, at, written), { ...story, seed });
          expect(resumed.end, `append ${at}, ${written ? 'written' : 'not written'}`).toEqual(end);
          expect(resumed.control.filter((type) => type === 'rollout.cutoverCommitted').length).toBeLessThanOrEqual(1);
          points++;
        }
    });
  });
  test('that were at least a thousand boundaries', () => expect(points).toBeGreaterThanOrEqual(1_000));
});

/** Schedules of two controllers: MILLWRIGHT_SCHEDULES=10000 plays all that the documentation speaks of. */
const SCHEDULES = Number(process.env['MILLWRIGHT_SCHEDULES'] ?? 1_000);

test(`two controllers under ${SCHEDULES} schedules: no kill is lost and no stage comes twice`, {
  timeout: 3_600_000,
}, async () => {
  const ends = { completed: 0, rolledBack: 0, killed: 0 };
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const { status, killed } = await schedule(seed);
    if (killed) ends.killed++;
    else ends[status]++;
  }
  // Every kind of ending was seen, so none of the promises is empty.
  for (const [name, count] of Object.entries(ends)) expect(count, name).toBeGreaterThan(SCHEDULES / 100);
});

/** One schedule: who looks when, what the store loses, when it is away for one of them, and who kills when, all by the seed. */
async function schedule(seed: number): Promise<{ status: 'completed' | 'rolledBack'; killed: boolean }> {
  const random = seededRandom(seed);
  const clock = virtualClock(START);
  const log = memoryLog();
  const faults = { conflict: 0.2, lostResponse: 0.1, lostRequest: 0.1, staleHead: 0.2 };
  const links = [0, 1].map(() => breakable(pessimisticLog(log, { random, ...faults })));
  const both: Process[] = [];
  for (const [i, name] of ['a', 'b'].entries())
    both.push(await boot(links[i]!.log, clock, 2 * seed + i, { replica: name, flushMs: 2 * HOUR }));
  const rate = random.next() < 0.5 ? 0.1 : 0.7;
  const killAt = random.next() < 0.5 ? Math.floor(random.next() * 25) : undefined;
  let killAsked = false;
  for (let step = 0; step < 40; step++) {
    for (const [i, one] of both.entries()) traffic(one, 2 * (40 * seed + step) + i, rate, 30);
    await clock.advance(Math.floor(random.next() * HOUR));
    for (const link of links) link.down = random.next() < 0.15;
    const looks = both.filter(() => random.next() < 0.7).map(({ rollout }) => rollout.tick());
    if (step === killAt) {
      const one = both[pick(2, random)]!.rollout;
      killAsked = both.every(({ rollout }) => !isFinal(rollout.state));
      looks.push(one.kill('smoke').then(() => one.state));
    }
    // A look may fail while the store is away; the next one tries again.
    await inTime(clock, Promise.allSettled(looks));
    if (both.every(({ rollout }) => isFinal(rollout.state))) break;
  }
  for (const link of links) link.down = false;
  for (let i = 0; i < 60 && !both.every(({ rollout }) => isFinal(rollout.state)); i++) {
    for (const [k, one] of both.entries()) traffic(one, 900_000 + 2 * i + k, rate, 30);
    await clock.advance(HOUR);
    await inTime(clock, Promise.all(both.map(({ rollout }) => rollout.tick())));
  }
  // Whose look failed when it ended tidies up at its next one.
  await inTime(clock, Promise.all(both.map(({ rollout }) => rollout.tick())));
  const { state } = both[0]!.rollout;
  const context = `seed ${seed}`;
  expect(both[1]!.rollout.state.status, context).toBe(state.status);
  const wasOverBeforeTheKill = killAsked && !state.killed && isFinal(state);
  if (killAsked && !wasOverBeforeTheKill) expect(state, context).toMatchObject({ killed: true, status: 'rolledBack' });
  const events: LedgerEvent[] = [];
  await both[0]!.ledger.refresh();
  for await (const event of both[0]!.ledger.read()) events.push(event);
  const stages = events.filter(({ type }) => type === 'rollout.stageEntered').map(({ data }) => data['stage']);
  expect(stages, context).toEqual(SHORT.stages.slice(0, stages.length).map((_, stage) => stage));
  for (const type of ['rollout.cutoverCommitted', 'rollout.rollbackStarted', 'rollout.completed', 'rollout.rolledBack'])
    expect(events.filter((event) => event.type === type).length, `${context} ${type}`).toBeLessThanOrEqual(1);
  const right = state.status === 'completed' ? 'm@2' : 'm@1';
  for (const { champion, endpoint } of both) {
    expect(champion(), context).toBe(right);
    expect(endpoint.model('champion'), context).toBe(right);
    expect(endpoint.model('challenger'), context).toBeUndefined();
  }
  expect((await both[1]!.ledger.verify()).ok, context).toBe(true);
  return { status: state.status as 'completed' | 'rolledBack', killed: state.killed };
}

/** Waits for work that itself waits for the clock (before it asks the store again). */
async function inTime(clock: VirtualClock, work: Promise<unknown>): Promise<void> {
  let open = true;
  const done = work.finally(() => {
    open = false;
  });
  for (let ms = 10; open; ms *= 2) await clock.advance(Math.min(ms, 60_000));
  await done;
}

const pick = (n: number, random: Random) => Math.floor(random.next() * n);

/** A log that is away while `down`. */
function breakable(log: LogStore): { readonly log: LogStore; down: boolean } {
  const link = { log, down: false };
  const up = () => {
    if (link.down) throw new TypeError('the store is away');
  };
  const guarded: LogStore = {
    id: log.id,
    capabilities: log.capabilities,
    head: async (o) => {
      up();
      return log.head(o);
    },
    append: async (commit, o) => {
      up();
      return log.append(commit, o);
    },
    async *read(range, o) {
      up();
      yield* log.read(range, o);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return Object.assign(link, { log: guarded });
}
