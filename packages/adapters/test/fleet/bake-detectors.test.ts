import { seededRandom } from '@millwright/core';
import { eDetector } from '@millwright/drift/stream';
import { defineRollout, isFinal, startRollout } from '@millwright/serving/rollout';
import { describe, expect, test } from 'vitest';
import { HOUR, world } from '../../../serving/test/rollout/harness.js';

const plan = defineRollout({
  challenger: 'm@2',
  stages: ['50%'],
  minDwell: '1h',
  bake: '24h',
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.9 } }],
});

describe('an e-detector of the drift package watches a promoted challenger', { timeout: 60_000 }, () => {
  test.each([
    { later: 0.1, status: 'completed' },
    { later: 0.3, status: 'rolledBack' },
  ])('errors at 10 %, then $later: $status', async ({ later, status }) => {
    const w = await world();
    const rollout = await startRollout(w.target, w.endpoint, plan, {
      clock: w.clock,
      random: seededRandom(3),
      bakeDetectors: { errors: ({ sum, rows }) => eDetector.init({ baseline: { count: sum, rows }, arl: 1e6 }) },
    });
    const random = seededRandom(5);
    for (let hour = 0; hour < 200 && !isFinal(rollout.state); hour++) {
      const bakes = rollout.state.cutoverAt !== undefined && w.clock.now() - rollout.state.cutoverAt > 5 * HOUR;
      const rate = bakes ? later : 0.1;
      for (let i = 0; i < 500; i++) {
        const id = `${hour}-${i}`;
        const failed = random.next() < rate;
        w.endpoint.serve({ unit: id, decisionId: id, answer: () => ({ status: failed ? 'failed' : 'answered' }) });
      }
      await w.clock.advance(HOUR);
      await rollout.tick();
    }
    expect(rollout.state.status).toBe(status);
    expect(w.champion()).toBe(status === 'completed' ? 'm@2' : 'm@1');
    expect(rollout.state.cause?.cause).toBe(status === 'completed' ? undefined : 'alarm');
  });
});
