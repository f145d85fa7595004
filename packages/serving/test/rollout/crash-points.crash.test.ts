import { memoryLog } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';
import { defineRollout } from '../../src/rollout/index.js';
import { HOUR } from './harness.js';
import { live, mortalLog, type Story } from './processes.js';

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
    hardTtl: '150m',
    maxDuration: '5d',
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }],
  } as const;
}

/** One of two replicas dies, the one that people talk to or the other. Who lives goes on and may act before the successor does. */
const FLEETS: Readonly<Record<string, Story>> = Object.fromEntries(
  Object.entries(STORIES).flatMap(([name, story]) => [
    [`${name}, with another replica`, { ...story, replicas: 2 }],
    [`${name}, with another replica that dies`, { ...story, replicas: 2, mortal: 1 }],
  ]),
);

describe('a process that dies at any boundary ends as if it had lived', { timeout: 600_000 }, () => {
  let points = 0;
  describe.each([1, 2])('traffic %i', (seed) => {
    test.each(Object.entries({ ...STORIES, ...FLEETS }))('%s', async (_name, told) => {
      const story = { ...told, seed };
      const log = memoryLog();
      const undisturbed = mortalLog(log, Infinity, false);
      const { end } = await live(log, undisturbed, story);
      expect(undisturbed.appends).toBeGreaterThan(3);
      for (let at = 0; at < undisturbed.appends; at++)
        for (const written of [false, true]) {
          const disturbed = memoryLog();
          const resumed = await live(disturbed, mortalLog(disturbed, at, written), story);
          expect(resumed.end, `append ${at}, ${written ? 'written' : 'not written'}`).toEqual(end);
          expectOnce(resumed.control);
          points++;
        }
    });
  });
  test('that were at least a thousand boundaries', () => {
    process.stdout.write(`died at ${points} boundaries, and ended as if it had lived\n`);
    expect(points).toBeGreaterThanOrEqual(1_000);
  });
});

function expectOnce(control: readonly string[]): void {
  for (const type of ['promotionStarted', 'cutoverCommitted', 'rollbackStarted', 'killed', 'completed', 'rolledBack'])
    expect(control.filter((each) => each === `rollout.${type}`).length, type).toBeLessThanOrEqual(1);
}
