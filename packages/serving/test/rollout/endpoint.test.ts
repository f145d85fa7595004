import { type ModelSource, type RolloutTarget, seededRandom } from '@millwright/core';
import { createEndpoint, functionRuntime, tensor, tensors } from '@millwright/serving';
import { describe, expect, test } from 'vitest';
import { defineRollout, startRollout } from '../../src/rollout/index.js';
import { resolvedModel, sourceOf } from '../support/models.js';
import { HOUR, world } from './harness.js';

/** Late when x is above a half. */
const runtime = functionRuntime(
  (feeds) => {
    const x = feeds.get('x')!.data as Float32Array;
    return tensors({
      late: tensor(
        'float32',
        [x.length],
        x.map((v) => (v > 0.5 ? 0.9 : 0.1)),
      ),
    });
  },
  {
    inputs: [{ name: 'x', dtype: 'float32', dims: ['rows'] }],
    outputs: [{ name: 'late', dtype: 'float32', dims: ['rows'] }],
  },
);

describe('a rollout over a real endpoint', () => {
  test('the served challenger becomes the endpoint’s champion, decided by labels alone', async () => {
    const w = await world();
    const models: Record<string, ModelSource> = {
      'm@1': sourceOf(resolvedModel('m@1', Uint8Array.of(1))),
      'm@2': sourceOf(resolvedModel('m@2', Uint8Array.of(2))),
    };
    const target: RolloutTarget = {
      ...w.target,
      source: (_model, name) => models[name === 'champion' ? w.champion() : name]!,
    };
    const endpoint = await createEndpoint({ model: target.source('m', 'champion'), runtime, clock: w.clock });
    const rollout = await startRollout(
      target,
      endpoint,
      defineRollout({
        challenger: 'm@2',
        stages: ['20%', '50%'],
        minDwell: '3h',
        minUnits: 50,
        minMatured: 50,
        bake: '2h',
        metrics: [
          { id: 'wrong', kind: 'label', measure: 'wrong', better: 'lower', margin: { relative: 0.9 }, window: '2h' },
        ],
      }),
      { clock: w.clock },
    );
    const random = seededRandom(5);
    const shares = new Map<string, number>();
    for (let hour = 0; hour < 60 && rollout.state.status !== 'completed'; hour++) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const truth = random.next();
          const { decisionId, served } = await endpoint.predict({ x: truth }, { unit: `u${hour}-${i}` });
          return { decisionId, served, late: truth + 0.4 * (random.next() - 0.5) > 0.5 };
        }),
      );
      for (const { served } of answers) shares.set(served.model, (shares.get(served.model) ?? 0) + 1);
      await w.clock.advance(HOUR);
      for (const { decisionId, late } of answers) endpoint.outcomes.record({ decisionId, value: late });
      await rollout.tick();
    }
    expect(rollout.state.status).toBe('completed');
    expect(endpoint.champion.model).toBe('m@2');
    expect(endpoint.arms.names).toEqual(['champion']);
    expect(shares.get('m@2')).toBeGreaterThan(500);
    expect(rollout.outcomes.counts).toMatchObject({ dropped: 0, late: 0 });
    await endpoint.close();
  });
});
