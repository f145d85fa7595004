import { seededRandom } from '@millwright/core';
import { memoryLog } from '@millwright/core/storage';
import { pessimisticLog, virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { isFinal, type Rollout } from '../../src/rollout/index.js';
import { HOUR, START } from './harness.js';
import { boot, live, mortalLog, traffic } from './processes.js';

describe('a controller that dies', { timeout: 60_000 }, () => {
  test.each([
    ['promoted', 0.3],
    ['rolled back', 0.6],
  ] as const)('at any append, before or after it is written, ends as if it had lived: %s', async (_name, rate) => {
    const log = memoryLog();
    const undisturbed = mortalLog(log, Infinity, false);
    const { end, control } = await live(log, undisturbed, { rate });
    expect(end).toMatchObject({ status: rate > 0.5 ? 'rolledBack' : 'completed' });
    expect(undisturbed.appends).toBeGreaterThan(5);
    for (let at = 0; at < undisturbed.appends; at++)
      for (const written of [false, true]) {
        const disturbed = memoryLog();
        const resumed = await live(disturbed, mortalLog(disturbed, at, written), { rate });
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
    const a = await boot(bad(), clock, 2 * seed, { replica: 'a' });
    const b = await boot(bad(), clock, 2 * seed + 1, { replica: 'b' });
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
    const a = await boot(log, clock, 1, { replica: 'a' });
    const b = await boot(log, clock, 2, { replica: 'b' });
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
