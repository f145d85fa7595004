import type { LedgerEvent, NewEvent } from '@millwright/core/ledger';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rolloutEvent } from '../../src/rollout/events.js';
import {
  defineRollout,
  isFinal,
  judge,
  planRollout,
  type RolloutEvidence,
  type RolloutState,
  type Rollouts,
  type RolloutVerdict,
  reduceRollout,
  rolloutProjection,
} from '../../src/rollout/index.js';
import { rollBackPlan } from '../../src/rollout/plan.js';
import { sharesOf } from '../../src/routing/index.js';

const HOUR = 3_600_000;
const definition = defineRollout({
  challenger: 'm@2',
  stages: ['1%', '5%', '50%'],
  minDwell: '1h',
  maxDuration: '3d',
  bake: '2h',
  approvals: 1,
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } }],
});
const judged = judge(definition, []);

const often = <T>(common: T, ...rare: T[]) =>
  fc.oneof({ arbitrary: fc.constant(common), weight: 12 }, { arbitrary: fc.constantFrom(...rare), weight: 2 });

/** One step of a history: what the judge says, what people do, who is heard of, how much time passes. `go` is whatever leads on. */
const step = fc.record({
  verdict: often<RolloutVerdict | 'go'>('go', 'hold', 'advance', 'promote', 'rollBack', 'pause'),
  person: often('nothing', 'pause', 'resume', 'kill', 'rollBack', 'approve', 'selfApprove'),
  acknowledge: often('both', 'first', 'none'),
  hours: often(1, 0, 5, 80),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Play {
  readonly events: readonly LedgerEvent[];
  readonly states: readonly RolloutState[];
}

/** Plays a history as controller, replicas and people would, in one sequence. */
function play(steps: readonly Step[]): Play {
  const events: LedgerEvent[] = [];
  const states: RolloutState[] = [];
  let state: RolloutState | undefined;
  let now = 0;
  const append = (event: NewEvent, actor = 'controller') => {
    const full = {
      ...event,
      index: events.length,
      seq: events.length + 1,
      commitId: '' as LedgerEvent['commitId'],
      time: ++now,
      actor,
    };
    events.push(full);
    state = reduceRollout(state, full);
    states.push(state!);
  };
  const id = 'r1';
  append(
    rolloutEvent('rollout.submitted', {
      rollout: id,
      model: 'm',
      alias: 'champion',
      champion: 'm@1',
      challenger: 'm@2',
      definition: JSON.parse(JSON.stringify(definition)),
      digest: definition.digest,
    }),
    'author',
  );
  for (const { verdict, person, acknowledge, hours } of steps) {
    now += hours * HOUR;
    const seen = state!;
    const onward = seen.stage === definition.stages.length - 1 ? 'promote' : 'advance';
    const evidence: RolloutEvidence = { ...judged, verdict: verdict === 'go' ? onward : verdict };
    if (person === 'pause')
      append(rolloutEvent('rollout.paused', { rollout: id, reason: 'requested', sentence: '' }), 'op');
    if (person === 'resume') append(rolloutEvent('rollout.resumed', { rollout: id, reason: 'fine' }), 'op');
    if (person === 'approve' || person === 'selfApprove')
      append(
        rolloutEvent('rollout.approved', { rollout: id, evidence: definition.digest, reason: 'ok' }),
        person === 'approve' ? 'op' : 'author',
      );
    if (person === 'kill' && !isFinal(seen)) {
      append(rolloutEvent('rollout.killed', { rollout: id, reason: 'stop' }), 'anybody');
      if (hours === 0)
        for (const event of rollBackPlan(state!, 'killed', 'stop', undefined).events) append(event, 'anybody');
    }
    if (person === 'rollBack' && !isFinal(seen))
      for (const event of rollBackPlan(state!, 'requested', 'no', undefined).events) append(event, 'op');
    const plan = planRollout(state!, { now, evidence, statistics: [] });
    for (const event of plan?.events ?? []) append(event);
    const epoch = state!.policy?.epoch ?? 0;
    for (const replica of acknowledge === 'both' ? ['a', 'b'] : acknowledge === 'first' ? ['a'] : [])
      if (epoch > (state!.replicas[replica]?.epoch ?? 0))
        append(rolloutEvent('rollout.epochAcknowledged', { rollout: id, epoch, replica }), replica);
  }
  return { events, states };
}

const share = (state: RolloutState) =>
  state.policy === undefined ? 0 : (sharesOf(state.policy).get('challenger') ?? 0);

describe('the rollout as a state machine', { timeout: 60_000 }, () => {
  const histories = fc.array(step, { maxLength: 40, size: 'max' });
  const check = (property: (play: Play) => void) =>
    fc.assert(
      fc.property(histories, (steps) => property(play(steps))),
      { numRuns: 250 },
    );

  test('a snapshot anywhere on the way changes nothing, not even the order in which sums are added up', () => {
    const { init, apply, snapshot } = rolloutProjection;
    const none = () => null;
    check(({ events }) => {
      const cut = events.length >> 1;
      const stored = snapshot!.encode(events.slice(0, cut).reduce(apply, init()), none);
      const restored = snapshot!.decode(JSON.parse(JSON.stringify(stored)), () => ({ json: none }));
      const [whole, continued] = [events.reduce(apply, init()), events.slice(cut).reduce(apply, restored)];
      expect(continued).toEqual(whole);
      const observed = ({ byId }: Rollouts) => JSON.stringify(Array.from(byId.values(), (each) => each.observed));
      expect(observed(continued)).toBe(observed(whole));
    });
  });

  test('state is the fold of the events, also after a detour through JSON', () => {
    check(({ events, states }) => {
      const again = (JSON.parse(JSON.stringify(events)) as LedgerEvent[]).reduce<RolloutState | undefined>(
        reduceRollout,
        undefined,
      );
      expect(JSON.stringify(again)).toBe(JSON.stringify(states.at(-1)));
    });
  });

  test('the share rises only when the epoch before is served, one stage at a time, and never after a kill', () => {
    check(({ states }) => {
      for (const [i, state] of states.entries()) {
        const before = states[i - 1];
        if (before === undefined || share(state) <= share(before)) continue;
        expect(state.killed).toBe(false);
        if (before.policy !== undefined)
          expect(Object.values(before.replicas).some(({ epoch }) => epoch >= before.policy!.epoch)).toBe(true);
        expect(state.status === 'baking' || state.stage === before.stage + 1).toBe(true);
        expect(['paused', 'rollingBack']).not.toContain(before.status);
      }
    });
  });

  test('kill latches, and ends at the champion', () => {
    check(({ states }) => {
      const killed = states.findIndex((state) => state.killed);
      if (killed < 0) return;
      for (const state of states.slice(killed)) expect(state.killed).toBe(true);
      for (const state of states.slice(killed))
        expect(['rollingBack', 'rolledBack', states[killed]!.status]).toContain(state.status);
    });
  });

  test('nothing leaves a final state', () => {
    check(({ states }) => {
      const end = states.findIndex(isFinal);
      if (end >= 0) for (const state of states.slice(end)) expect(state).toBe(states[end]);
    });
  });

  test('without an approval by somebody else nothing is promoted, and a rollout that timed out does not promote by itself', () => {
    check(({ events, states }) => {
      for (const [i, { type }] of events.entries()) {
        if (type !== 'rollout.promotionStarted' || states[i]!.step === states[i - 1]!.step) continue;
        expect(states[i]!.approvals.some(({ actor }) => actor !== 'author')).toBe(true);
        expect(states[i - 1]!.status).not.toBe('paused');
      }
    });
  });

  test('a pause that nobody resumes keeps the share until it is rolled back', () => {
    check(({ states }) => {
      for (const [i, state] of states.entries())
        if (state.status === 'paused' && states[i - 1]?.status === 'paused')
          expect(share(state)).toBe(share(states[i - 1]!));
    });
  });

  test('every ending is reached by some history, so the properties above speak of something', () => {
    const statuses = new Set<string>();
    fc.assert(
      fc.property(histories, (steps) => void play(steps).states.map(({ status }) => statuses.add(status))),
      { numRuns: 400, seed: 1 },
    );
    for (const status of [
      'ramping',
      'holding',
      'awaitingApproval',
      'paused',
      'baking',
      'completed',
      'rollingBack',
      'rolledBack',
    ])
      expect(statuses).toContain(status);
  });
});
