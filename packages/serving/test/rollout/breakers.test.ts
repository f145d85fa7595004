import { memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { breakerWatch } from '../../src/rollout/breakers.js';
import { defineRollout, type ServedDecision } from '../../src/rollout/index.js';
import type { RolloutState } from '../../src/rollout/state.js';
import { championPolicy } from '../../src/routing/index.js';
import { HOUR, START } from './harness.js';
import { boot, traffic } from './processes.js';

const metrics = [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }] as const;
/** Guardrails that would take weeks, so that only breakers can be quick. */
const definition = defineRollout({
  challenger: 'm@2',
  stages: ['20%', '50%'],
  minDwell: '30d',
  maxDuration: '60d',
  hardTtl: '150m',
  alpha: { rollback: 1e-12 },
  metrics,
  breakers: { failures: 0.8, of: 10, quorum: 0.6 },
});

describe('a breaker', () => {
  const watched = () => {
    const watch = breakerWatch(definition);
    const state = {
      id: 'r',
      policy: championPolicy({ salt: 's', epoch: 3 }),
      replicas: { a: { epoch: 3, seenAt: 0 } },
    } as Partial<RolloutState>;
    const decided = (status: ServedDecision['status'], more: Partial<ServedDecision> = {}) =>
      watch.decided({ armAssigned: 'challenger', epoch: 3, shadow: false, status, ...more } as ServedDecision);
    return { decided, reports: () => watch.reports(state as RolloutState, 'a').length };
  };

  test('opens when enough of the last requests failed, and stays open for the epoch', () => {
    const { decided, reports } = watched();
    for (let i = 0; i < 7; i++) decided('failed');
    for (let i = 0; i < 3; i++) decided('answered');
    expect(reports()).toBe(0);
    for (let i = 0; i < 8; i++) decided('fellBack');
    expect(reports()).toBe(1);
    for (let i = 0; i < 20; i++) decided('answered');
    expect(reports()).toBe(1);
  });

  test('counts nothing but requests that somebody waits for, and begins anew with an epoch', () => {
    const { decided, reports } = watched();
    for (let i = 0; i < 20; i++) decided('failed', { armAssigned: 'champion' });
    for (let i = 0; i < 20; i++) decided('failed', { shadow: true });
    for (let i = 0; i < 9; i++) decided('failed');
    decided('failed', { epoch: 4 });
    expect(reports()).toBe(0);
  });
});

describe('breakers of a fleet', { timeout: 30_000 }, () => {
  /** Three processes; the challenger fails in all requests of the first `broken` of them. */
  async function fleet(broken: number, spec = definition) {
    const log = memoryLog();
    const clock = virtualClock(START);
    const all = await Promise.all(
      ['a', 'b', 'c'].map((replica, i) => boot(log, clock, i + 1, { replica, definition: spec })),
    );
    for (let hour = 0; hour < 4; hour++) {
      for (const [i, one] of all.entries()) traffic(one, 3 * hour + i, i < broken ? 1 : 0.3, 100);
      await clock.advance(HOUR / 2);
      for (const { rollout } of [...all, ...all]) await rollout.tick();
    }
    return all;
  }

  test('two of three take the challenger back everywhere, at the next look, and say why', async () => {
    const all = await fleet(2);
    for (const { rollout, endpoint } of all) {
      expect(rollout.state).toMatchObject({ status: 'rolledBack', cause: { cause: 'breakers' } });
      expect(endpoint.policy?.shares.get('challenger') ?? 0).toBe(0);
    }
    expect(all[0]!.rollout.state.cause!.sentence).toBe(
      '2 of 3 live processes report that at least 8 of their last 10 requests to the challenger failed.',
    );
    expect((await all[0]!.rollout.history()).moments.map(({ type }) => type)).toContain('rollout.breakerOpened');
  });

  test('one of three does not: that process is ill, not the challenger', async () => {
    const [a] = await fleet(1);
    expect(a!.rollout.state).toMatchObject({ status: 'holding', cause: undefined });
    expect(a!.rollout.state.replicas['a']!.brokenIn).toBe(1);
  });

  test('without the option nobody counts, and the definition is the one it was', async () => {
    const { breakers, digest, ...rest } = definition;
    expect(breakers).toEqual({ failures: 0.8, of: 10, quorum: 0.6 });
    const plain = defineRollout({ challenger: 'm@2', stages: ['20%'], metrics });
    expect('breakers' in plain).toBe(false);
    expect(breakerWatch({ ...rest, digest }).reports({} as RolloutState, 'a')).toEqual([]);
    expect(() => defineRollout({ challenger: 'm@2', metrics, breakers: { quorum: 2 } })).toThrow(/breakers.quorum/);
  });
});
