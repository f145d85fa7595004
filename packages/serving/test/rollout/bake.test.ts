import { seededRandom } from '@millwright/core';
import { describe, expect, test } from 'vitest';
import {
  type ChangeDetector,
  defineRollout,
  type MetricTotal,
  type Rollout,
  type RolloutSpec,
  type StartRolloutOptions,
  startRollout,
} from '../../src/rollout/index.js';
import { fakeTarget, HOUR, type World, world } from './harness.js';

const SPEC: RolloutSpec = {
  challenger: 'm@2',
  stages: ['50%'],
  minDwell: '1h',
  minUnits: 10,
  minMatured: 10,
  bake: '24h',
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.9 } }],
};
const LABELS: RolloutSpec = {
  ...SPEC,
  metrics: [{ id: 'wrong', kind: 'label', better: 'lower', margin: { relative: 0.9 }, window: '2h', measure: 'wrong' }],
};

/** Speaks when the mean of the last `size` values is above `limit`. */
function window(limit: number, size = 100): ChangeDetector & { readonly values: number[] } {
  const values: number[] = [];
  return {
    id: 'window',
    values,
    update(value) {
      values.push(value);
      const last = values.slice(-size);
      return last.length === size && last.reduce((sum, each) => sum + each, 0) / size > limit ? 2 : 0;
    },
  };
}

const start = (w: World, options: StartRolloutOptions, spec = SPEC, target = w.target) =>
  startRollout(target, w.endpoint, defineRollout(spec), { clock: w.clock, random: seededRandom(3), ...options });

/** Hours of requests that fail at a rate, and whose answers are wrong at it, whoever answers. */
async function hours(w: World, rollout: Rollout, count: number, rate: number): Promise<void> {
  const random = seededRandom(w.clock.now() / HOUR);
  for (let hour = 0; hour < count; hour++) {
    for (let i = 0; i < 300; i++) {
      const id = `${w.clock.now()}-${i}`;
      const bad = random.next() < rate;
      const answer = () => ({ status: bad ? 'failed' : 'answered', output: 1 }) as const;
      w.endpoint.serve({ unit: id, decisionId: id, answer });
      for (const _ of 'ab') rollout.outcomes.record({ decisionId: id, value: Number(!bad) });
    }
    await w.clock.advance(HOUR);
    await rollout.tick();
  }
}

async function promoted(
  options: StartRolloutOptions,
  { spec = SPEC, refuse = (): string | undefined => undefined } = {},
) {
  const w = await world();
  const rollout = await start(w, options, spec, fakeTarget(w.ledger, refuse));
  await hours(w, rollout, 7, 0.4);
  expect([rollout.state.status, w.champion()]).toEqual(['baking', 'm@2']);
  return { w, rollout };
}

describe('a promoted challenger that bakes', { timeout: 60_000 }, () => {
  test('goes back by itself when its errors rise, onto the champion that was kept warm', async () => {
    let seen: MetricTotal | undefined;
    const errors = (baseline: MetricTotal) => {
      seen = baseline;
      return window(0.6);
    };
    const { w, rollout } = await promoted({ bakeDetectors: { errors } });
    expect(seen!.rows).toBeGreaterThan(200);
    expect(seen!.sum / seen!.rows).toBeCloseTo(0.4, 1);
    await hours(w, rollout, 3, 0.4);
    expect(rollout.state.status).toBe('baking');
    const loads: string[] = [];
    const prepare = w.endpoint.arms.prepare;
    w.endpoint.arms.prepare = (name, source) => {
      loads.push(name);
      return prepare(name, source);
    };
    await hours(w, rollout, 1, 0.8);
    expect(rollout.state).toMatchObject({ status: 'rolledBack', cause: { cause: 'alarm' } });
    expect(rollout.state.cause?.sentence).toMatch(
      /^errors has changed since the promotion: it is 0\.\d+ over \d+ answers, and was 0\.[34]\d* before \(window\)\.$/,
    );
    expect([w.champion(), w.endpoint.model('champion'), w.endpoint.policy]).toEqual(['m@1', 'm@1', undefined]);
    expect(loads).toEqual([]);
  });

  test('is judged by labels that come later, once each, and by none of the stages before', async () => {
    const detector = window(0.6);
    const { w, rollout } = await promoted({ bakeDetectors: { wrong: () => detector } }, { spec: LABELS });
    await hours(w, rollout, 6, 0.4);
    expect(rollout.state.status).toBe('baking');
    const hoursSince = Math.round((w.clock.now() - rollout.state.cutoverAt!) / HOUR);
    // Those of the last hour, and no others, wait for the end of their window of two hours.
    expect(detector.values).toHaveLength((hoursSince - 1) * 300);
    await hours(w, rollout, 1, 0.9);
    expect(rollout.state.status).toBe('baking');
    await hours(w, rollout, 2, 0.9);
    expect(rollout.state).toMatchObject({ status: 'rolledBack', cause: { cause: 'alarm' } });
  });

  test('without a detector, and with one that is content, completes', async () => {
    for (const bakeDetectors of [undefined, { errors: () => window(1) }]) {
      const { w, rollout } = await promoted({ bakeDetectors });
      await hours(w, rollout, 25, 0.9);
      expect([rollout.state.status, w.champion()]).toEqual(['completed', 'm@2']);
    }
  });

  test('stays, and waits for people, when the registry does not take the old champion back', async () => {
    let refusal: string | undefined;
    const { w, rollout } = await promoted({ bakeDetectors: { errors: () => window(0.6) } }, { refuse: () => refusal });
    refusal = 'm@1 is retired';
    await hours(w, rollout, 3, 0.8);
    expect(rollout.state).toMatchObject({ status: 'paused', paused: { reason: 'denied', from: 'baking' } });
    expect(rollout.state.paused?.sentence).toContain('m@1 is retired');
    expect([w.champion(), w.endpoint.model('champion')]).toEqual(['m@2', 'm@2']);
    const { size } = w.ledger.head;
    await hours(w, rollout, 3, 0.8);
    // The hourly sums, and no second pause.
    expect(w.ledger.head.size - size).toBeLessThanOrEqual(3 * 3);
    refusal = undefined;
    await rollout.resume('m@1 is back in service');
    expect(rollout.state.status).toBe('rolledBack');
    expect([w.champion(), w.endpoint.model('champion')]).toEqual(['m@1', 'm@1']);
  });

  test('a detector of a metric that is not there is refused', async () => {
    const w = await world();
    await expect(start(w, { bakeDetectors: { clicks: () => window(1) } })).rejects.toMatchObject({
      code: 'input/invalid',
    });
  });
});

describe('a kill while baking', { timeout: 60_000 }, () => {
  test('puts the old champion back here although the store is away', async () => {
    const { w, rollout } = await promoted({});
    w.ledger.refresh = () => Promise.reject(new TypeError('away'));
    await expect(rollout.kill('smoke')).rejects.toThrow('away');
    expect(w.endpoint.serve({ unit: 'u', decisionId: 'd', answer: (model) => ({ output: model }) })).toMatchObject({
      armAssigned: 'champion',
      output: 'm@1',
    });
  });

  test('is written although the registry refuses the way back, and goes back when somebody has seen to it', async () => {
    let refusal: string | undefined;
    const { w, rollout } = await promoted({}, { refuse: () => refusal });
    refusal = 'm@1 is retired';
    await rollout.kill('smoke');
    expect(rollout.state).toMatchObject({ killed: true, status: 'paused', paused: { reason: 'denied' } });
    const { size } = w.ledger.head;
    await rollout.tick();
    await rollout.tick();
    expect(w.ledger.head.size).toBe(size);
    refusal = undefined;
    await rollout.resume('m@1 is back in service');
    expect(rollout.state).toMatchObject({ killed: true, status: 'rolledBack' });
    expect(w.champion()).toBe('m@1');
  });
});
