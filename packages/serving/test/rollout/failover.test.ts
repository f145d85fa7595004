import { seededRandom } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { pessimisticLog, type VirtualClock, virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { defineRollout, isFinal, type Rollout, startRollout } from '../../src/rollout/index.js';
import { HOUR, START, type World, world } from './harness.js';

const definition = defineRollout({
  challenger: 'm@2',
  stages: ['10%', '50%'],
  minDwell: '2h',
  minUnits: 20,
  bake: '3h',
  maxDuration: '5d',
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }],
});

class Crash extends TypeError {}

/** A log whose process dies at its `at`th append: before anything is written, or right after. */
function mortalLog(log: LogStore, at: number, written: boolean): LogStore & { readonly appends: number } {
  let appends = 0;
  let dead = false;
  const alive = () => {
    if (dead) throw new Crash('the process is dead');
  };
  return {
    id: log.id,
    capabilities: log.capabilities,
    get appends() {
      return appends;
    },
    head: async (o) => {
      alive();
      return log.head(o);
    },
    async append(commit, o) {
      alive();
      if (appends++ === at) {
        dead = true;
        if (written) await log.append(commit, o);
        throw new Crash('the process dies');
      }
      return log.append(commit, o);
    },
    async *read(range, o) {
      alive();
      yield* log.read(range, o);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Process extends World {
  readonly rollout: Rollout;
}

async function boot(log: LogStore, clock: VirtualClock, seed: number, replica?: string): Promise<Process> {
  const w = await world({ log, clock, seed });
  const options = {
    clock,
    random: seededRandom(seed),
    flushMs: 4 * HOUR,
    ...(replica === undefined ? {} : { replica }),
  };
  return { ...w, rollout: await startRollout(w.target, w.endpoint, definition, options) };
}

/** An hour of requests; the challenger fails at `rate`, the champion at 30 %. */
function traffic({ endpoint }: World, hour: number, rate: number): void {
  const random = seededRandom(1_000 + hour);
  for (let i = 0; i < 150; i++) {
    const failed = random.next();
    const answer = (model: string) =>
      ({ status: failed < (model === 'm@2' ? rate : 0.3) ? 'failed' : 'answered' }) as const;
    endpoint.serve({ unit: `u${hour}-${i}`, decisionId: `d${hour}-${i}`, answer });
  }
}

async function run(
  log: LogStore,
  mortal: LogStore,
  rate: number,
): Promise<{ readonly end: unknown; readonly control: readonly string[] }> {
  const clock = virtualClock(START);
  let process: Process | undefined;
  let seed = 1;
  const living = async <T>(work: (process: Process) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        process ??= await boot(seed === 1 ? mortal : log, clock, seed);
        return await work(process);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        process = undefined;
        seed++;
      }
    }
  };
  for (let hour = 0; hour < 100; hour++) {
    await living(async (p) => traffic(p, hour, rate));
    await clock.advance(HOUR);
    if (isFinal(await living(({ rollout }) => rollout.tick()))) break;
  }
  const { rollout, champion, endpoint, ledger } = process!;
  const { status, killed } = rollout.state;
  const events: LedgerEvent[] = [];
  for await (const event of ledger.read()) events.push(event);
  const control = events.map(({ type }) => type).filter((type) => !/observed|evidence|Acknowledged|ledger/.test(type));
  return { end: { status, killed, champion: champion(), serves: endpoint.model('champion') }, control };
}

describe('a controller that dies', { timeout: 60_000 }, () => {
  test.each([
    ['promoted', 0.3],
    ['rolled back', 0.6],
  ] as const)('at any append, before or after it is written, ends as if it had lived: %s', async (_name, rate) => {
    const log = memoryLog();
    const undisturbed = mortalLog(log, Infinity, false);
    const { end, control } = await run(log, undisturbed, rate);
    expect(end).toMatchObject({ status: rate > 0.5 ? 'rolledBack' : 'completed' });
    expect(undisturbed.appends).toBeGreaterThan(5);
    for (let at = 0; at < undisturbed.appends; at++)
      for (const written of [false, true]) {
        const disturbed = memoryLog();
        const resumed = await run(disturbed, mortalLog(disturbed, at, written), rate);
        expect(resumed.end, `append ${at}`).toEqual(end);
        // Sums that were not written are lost with the process, so harm may be found a stage later; nothing happens twice.
        if (rate < 0.5) expect(resumed.control).toEqual(control);
      }
  });
});

describe('two controllers on one log that misbehaves', { timeout: 60_000 }, () => {
  const shares = (rollout: Rollout) => rollout.history().then((history) => history.shares.map(({ share }) => share));

  test.each([1, 2, 3, 4, 5, 6])('take every step once, and both end up serving the same (seed %i)', async (seed) => {
    const log = memoryLog();
    const clock = virtualClock(START);
    const random = seededRandom(seed);
    const bad = () =>
      pessimisticLog(log, { random, conflict: 0.2, lostResponse: 0.1, lostRequest: 0.1, staleHead: 0.2 });
    const a = await boot(bad(), clock, 2 * seed, 'a');
    const b = await boot(bad(), clock, 2 * seed + 1, 'b');
    expect(b.rollout.id).toBe(a.rollout.id);
    for (let hour = 0; hour < 120; hour++) {
      for (const [i, one] of [a, b].entries()) traffic(one, 2 * hour + i, 0.3);
      await clock.advance(HOUR);
      const states = await Promise.all([a.rollout.tick(), b.rollout.tick()]);
      if (states.every(isFinal)) break;
    }
    for (const { rollout, endpoint, champion } of [a, b]) {
      expect(rollout.state.status).toBe('completed');
      expect(champion()).toBe('m@2');
      expect(endpoint.model('champion')).toBe('m@2');
    }
    expect((await shares(a.rollout)).map((share) => Number(share.toFixed(3)))).toEqual([0.1, 0.5, 1]);
    expect(await shares(b.rollout)).toEqual(await shares(a.rollout));
    const { observed } = a.rollout.state;
    expect(Object.keys(observed)).toHaveLength(2);
    expect((await a.ledger.verify()).ok).toBe(true);
  });

  test('a kill in one stops the other at its next look, and nothing brings the challenger back', async () => {
    const log = memoryLog();
    const clock = virtualClock(START);
    const a = await boot(log, clock, 1, 'a');
    const b = await boot(log, clock, 2, 'b');
    for (let hour = 0; hour < 5; hour++) {
      for (const [i, one] of [a, b].entries()) traffic(one, 2 * hour + i, 0.3);
      await clock.advance(HOUR);
      await Promise.all([a.rollout.tick(), b.rollout.tick()]);
    }
    await b.rollout.kill('it smells of smoke', { actor: 'anybody' });
    expect(b.rollout.state).toMatchObject({ killed: true });
    const served = Array.from({ length: 200 }, (_, i) =>
      b.endpoint.serve({ unit: `x${i}`, decisionId: `x${i}`, answer: () => ({}) }),
    );
    expect(new Set(served.map(({ armAssigned }) => armAssigned))).toEqual(new Set(['champion']));
    for (let i = 0; i < 3; i++) {
      await clock.advance(HOUR);
      await a.rollout.tick();
      await b.rollout.tick();
    }
    for (const { rollout, endpoint } of [a, b]) {
      expect(rollout.state.status).toBe('rolledBack');
      expect(endpoint.model('challenger')).toBeUndefined();
    }
    expect(a.champion()).toBe('m@1');
  });
});
