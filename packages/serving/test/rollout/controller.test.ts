import { seededRandom } from '@millwright/core';
import { describe, expect, test } from 'vitest';
import {
  defineRollout,
  type Rollout,
  type RolloutSpec,
  type StartRolloutOptions,
  startRollout,
} from '../../src/rollout/index.js';
import { HOUR, type World, world } from './harness.js';

const SPEC: RolloutSpec = {
  challenger: 'm@2',
  stages: ['1%', '5%', '25%', '50%'],
  metrics: [
    { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 }, role: 'guardrail' },
    { id: 'wrong', kind: 'label', better: 'lower', margin: { relative: 0.2 }, window: '6h', measure: 'wrong' },
  ],
  minDwell: '12h',
  minUnits: 20,
  minMatured: 20,
  bake: '1d',
};

/** Replays hours of traffic: every flight has a delay that is known hours later; models guess with an error rate. */
async function replay(
  { clock, endpoint }: World,
  rollout: Rollout,
  options: {
    readonly hours: number;
    readonly perHour: number;
    readonly wrong: Record<string, number>;
    readonly seed?: number;
  },
): Promise<void> {
  const { hours, perHour, wrong } = options;
  const random = seededRandom(options.seed ?? 7);
  const due: { at: number; decisionId: string; value: boolean }[] = [];
  for (let hour = 0; hour < hours; hour++) {
    for (let i = 0; i < perHour; i++) {
      const late = random.next() < 0.3;
      const decisionId = `${hour}-${i}`;
      const answer = (model: string) => ({ output: { late: random.next() < wrong[model]! !== late ? 0.9 : 0.1 } });
      endpoint.serve({ unit: `tail-${hour}-${i}`, decisionId, answer });
      due.push({ at: clock.now() + 4 * HOUR, decisionId, value: late });
    }
    await clock.advance(HOUR);
    while (due[0] !== undefined && due[0].at <= clock.now()) {
      const { at, decisionId, value } = due.shift()!;
      rollout.outcomes.record({ decisionId, value, time: at });
    }
    const { status } = await rollout.tick();
    if (status === 'completed' || status === 'rolledBack') return;
  }
}

const start = (w: World, spec: RolloutSpec = SPEC, options: StartRolloutOptions = {}) =>
  startRollout(w.target, w.endpoint, defineRollout(spec), { clock: w.clock, random: seededRandom(3), ...options });

describe('a rollout in virtual time', { timeout: 60_000 }, () => {
  test('a good challenger goes through every stage to champion, and the old one is let go after baking', async () => {
    const w = await world();
    const rollout = await start(w);
    const seen: string[] = [];
    rollout.events.on('advanced', ({ share }) => seen.push(`${share * 100} %`));
    rollout.events.on('promoted', ({ version }) => seen.push(version));
    rollout.events.on('completed', () => seen.push('completed'));
    expect(rollout.state).toMatchObject({ status: 'holding', stage: 0, champion: 'm@1' });
    await replay(w, rollout, { hours: 400, perHour: 400, wrong: { 'm@1': 0.2, 'm@2': 0.18 } });
    expect(seen).toEqual(['5 %', '25 %', '50 %', 'm@2', 'completed']);
    expect(w.champion()).toBe('m@2');
    expect(w.endpoint.model('champion')).toBe('m@2');
    expect(w.endpoint.arms.get('challenger')).toBeUndefined();
    const history = await rollout.history();
    expect(history.shares.map(({ share }) => Number(share.toFixed(4)))).toEqual([0.01, 0.05, 0.25, 0.5, 1]);
    expect(history.evidence.length).toBeGreaterThan(4);
    expect(history.moments.map(({ sentence }) => sentence).join('\n')).toContain('wrong: ');
  });

  test('a broken challenger is rolled back by the labels, with a sentence that says why', async () => {
    const w = await world();
    const rollout = await start(w);
    const because: string[] = [];
    rollout.events.on('rolledBack', ({ because: { sentence } }) => because.push(sentence));
    await replay(w, rollout, { hours: 400, perHour: 400, wrong: { 'm@1': 0.2, 'm@2': 0.45 } });
    expect(rollout.state).toMatchObject({ status: 'rolledBack', cause: { cause: 'guardrail' } });
    expect(because).toHaveLength(1);
    expect(because[0]).toMatch(
      /In the 1 % stage, .* wrong is .*% with m@2 and .*% with the champion .* at most 1 in \d/,
    );
    expect(w.champion()).toBe('m@1');
    expect(w.endpoint.model('challenger')).toBeUndefined();
  });
});
