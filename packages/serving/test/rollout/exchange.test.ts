import { seededRandom } from '@millwright/core';
import { memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import {
  defineRollout,
  judge,
  memoryExchange,
  type ObservationExchange,
  type Rollout,
  type RolloutState,
  reduceRollout,
  startRollout,
  statisticsOf,
} from '../../src/rollout/index.js';
import { HOUR, START, world } from './harness.js';
import { SHORT, traffic } from './processes.js';

/** Two processes on one log that never flush by themselves, with an exchange each. */
async function pair(
  exchanges: readonly [ObservationExchange | undefined, ObservationExchange | undefined],
  definition = SHORT,
) {
  const log = memoryLog();
  const clock = virtualClock(START);
  const errors: unknown[] = [];
  const open = async (replica: string, seed: number, exchange: ObservationExchange | undefined) => {
    const w = await world({ log, clock, seed });
    const options = { clock, random: seededRandom(seed), flushMs: 1e12, replica, exchange };
    const rollout = await startRollout(w.target, w.endpoint, definition, options);
    rollout.events.on('failed', ({ error }) => errors.push(error));
    return { ...w, rollout };
  };
  const a = await open('a', 1, exchanges[0]);
  const b = await open('b', 2, exchanges[1]);
  return { a, b, clock, errors };
}

/** Hours until the first process has rolled back; `rates` are how often the challenger fails in each. */
async function hoursToRollBack({ a, b, clock }: Awaited<ReturnType<typeof pair>>, rates: readonly [number, number]) {
  for (let hour = 1; hour <= 40; hour++) {
    traffic(a, 2 * hour, rates[0], 40);
    traffic(b, 2 * hour + 1, rates[1], 40);
    await clock.advance(HOUR);
    // The one that sees the harm never looks into the ledger for others to see.
    for (const { rollout } of [b, a]) await rollout.tick();
    if (a.rollout.state.cause !== undefined) return hour;
  }
  return Infinity;
}

/** No flush before the hard time to live: what is exchanged is all that one hears of the other. */
const QUIET = defineRollout({
  challenger: 'm@2',
  stages: ['50%'],
  minDwell: '30d',
  maxDuration: '60d',
  hardTtl: 0,
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }],
});

describe('observations exchanged between processes', () => {
  test('harm that no process sees alone is found together, and the ledger says from which sums', async () => {
    const apart = await pair([undefined, undefined], QUIET);
    const exchange = memoryExchange();
    const together = await pair([exchange, exchange], QUIET);
    const [alone, shared] = [await hoursToRollBack(apart, [0.45, 0.45]), await hoursToRollBack(together, [0.45, 0.45])];
    expect(shared).toBeLessThan(0.8 * alone);
    // Replayed from the ledger alone: the sums that were there when it was decided give the verdict that was recorded.
    let state: RolloutState | undefined;
    for await (const event of together.a.ledger.read()) {
      if (event.type === 'rollout.rollbackStarted') break;
      state = reduceRollout(state, event);
    }
    expect(Object.keys(state!.observed).length).toBe(2);
    const replayed = judge(QUIET, statisticsOf(state!));
    expect(replayed.verdict).toBe('rollBack');
    expect(replayed.harm).toEqual(state!.evidence!.evidence.harm);
  });

  test('approximate counts roll back, say that they are, and never promote', async () => {
    const exact = memoryExchange();
    const rough: ObservationExchange = { ...exact, exact: false };
    const harmed = await pair([rough, exact], QUIET);
    expect(await hoursToRollBack(harmed, [0.3, 0.9])).toBeLessThan(40);
    const evidence = harmed.a.rollout.state.evidence!.evidence;
    expect(evidence.because.sentence).toMatch(/of epoch \d/);

    const good = defineRollout({ ...spec, minDwell: '1h' });
    const only = await pair([rough, undefined], good);
    // All the traffic that speaks for the challenger is known approximately only.
    for (let hour = 0; hour < 30; hour++) {
      const epochs = judgedEpochs(only.b.rollout);
      await exact.publish(only.a.rollout.id, { boot: 'b/other', number: hour, epochs });
      await only.clock.advance(HOUR);
      await only.a.rollout.tick();
    }
    expect(only.a.rollout.state.status).toBe('holding');
  });

  const spec = {
    challenger: 'm@2',
    stages: ['50%'],
    minUnits: 1,
    hardTtl: 0,
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }],
  } as const;
  /** Counts with which a challenger would be promoted at once, if they were exact. */
  const judgedEpochs = ({ state }: Rollout) => [
    {
      epoch: state.policy?.epoch ?? 1,
      share: 0.5,
      exposures: [50_000, 50_000] as const,
      metrics: { errors: { rows: [50_000, 50_000], missing: [0, 0], sum: [15_000, 2_500] } as const },
    },
  ];

  test('an exchange that hangs or fails keeps nobody from judging, and is reported', async () => {
    const silent: ObservationExchange = {
      exact: true,
      publish: () => new Promise(() => undefined),
      read: async () => [],
    };
    const broken: ObservationExchange = { ...silent, publish: () => Promise.reject(new RangeError('gone')) };
    const both = await pair([silent, broken], QUIET);
    expect(await hoursToRollBack(both, [0.9, 0.9])).toBeLessThan(40);
    expect(both.errors.map(String)).toContain('RangeError: gone');
  });

  test('a number that is lower than one that was seen changes nothing', async () => {
    const exchange = memoryExchange();
    await exchange.publish('r', { boot: 'a/1', number: 2, epochs: [] });
    await exchange.publish('r', { boot: 'a/1', number: 1, epochs: [] });
    expect(await exchange.read('r')).toEqual([{ boot: 'a/1', number: 2, epochs: [] }]);
    expect(await exchange.read('other')).toEqual([]);
  });
});

describe('a stage whose share follows a metric', () => {
  test('moves with the outcomes, each time with an epoch of its own that everybody serves, and is promoted on proof', async () => {
    const clock = virtualClock(START);
    const w = await world({ clock });
    const definition = defineRollout({
      challenger: 'm@2',
      stages: [
        { share: '5%', minUnits: 5 },
        { share: '50%', minUnits: 190, adapt: { metric: 'errors', every: '3h', floor: '5%', maxStep: 0.2 } },
      ],
      minDwell: '2h',
      bake: '1h',
      metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.1 } }],
    });
    const rollout = await startRollout(w.target, w.endpoint, definition, { clock, random: seededRandom(1) });
    for (let hour = 0; hour < 80 && rollout.state.status !== 'completed'; hour++) {
      traffic(w, hour, 0.24);
      await clock.advance(HOUR);
      await rollout.tick();
    }
    const shares = (await rollout.history()).shares.map(({ share }) => Number(share.toFixed(2)));
    expect(shares).toEqual([0.05, 0.05, 0.25, 0.45, 1]);
    expect(rollout.state.status).toBe('completed');
    expect(rollout.state.plans.map(({ epoch }) => epoch)).toEqual(rollout.state.plans.map((_, i) => i + 1));
  });
});
