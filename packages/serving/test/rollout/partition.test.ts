import { type Random, seededRandom } from '@millwright/core';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { pessimisticLog, type VirtualClock, virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { defineRollout, isFinal, startRollout } from '../../src/rollout/index.js';
import { START, world } from './harness.js';
import { boot, type Process } from './processes.js';

const SECOND = 1_000;
const TTL = 60 * SECOND;
const definition = defineRollout({
  challenger: 'm@2',
  stages: ['10%', '50%'],
  minDwell: '40s',
  minUnits: 20,
  bake: '3m',
  hardTtl: TTL,
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }],
});

interface Replica extends Process {
  readonly name: string;
  /** `down`: the store refuses. `silent`: it never answers. */
  readonly link: { down: boolean; silent: boolean };
}

async function replica(log: LogStore, clock: VirtualClock, name: string, seed: number): Promise<Replica> {
  const link = { down: false, silent: false };
  const before = () => {
    if (link.down) throw new TypeError('the store is away');
    return link.silent ? new Promise<never>(() => undefined) : undefined;
  };
  const own = pessimisticLog(log, { random: seededRandom(seed), before });
  const options = { replica: name, definition, tickMs: 5 * SECOND, flushMs: 10 * SECOND };
  return { ...(await boot(own, clock, seed, options)), name, link };
}

/** Requests of this second, and the models that answered. */
function serve(
  { endpoint, name, clock }: Omit<Replica, 'link'>,
  rate: number,
  random: Random,
  requests = 20,
): ReadonlySet<string> {
  const models = new Set<string>();
  for (let i = 0; i < requests; i++) {
    const id = `${name}-${clock.now()}-${i}`;
    const failed = random.next();
    endpoint.serve({
      unit: id,
      decisionId: id,
      answer: (model) => {
        models.add(model);
        return { status: failed < (model === 'm@2' ? rate : 0.3) ? 'failed' : 'answered' };
      },
    });
  }
  return models;
}

describe('replicas that are cut off', { timeout: 60_000 }, () => {
  test.each(Array.from({ length: 9 }, (_, i) => i + 1))(
    'serve no challenger that they do not know to be champion after the hard time to live, and find back (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const clock = virtualClock(START);
      const log = memoryLog();
      const fleet: Replica[] = [];
      for (const [i, name] of ['a', 'b', 'c'].entries()) fleet.push(await replica(log, clock, name, 3 * seed + i));
      const rate = seed % 3 === 0 ? 0.8 : 0.2;
      const cutAt = Math.floor(random.next() * 240);
      const cut = fleet.slice(random.next() < 0.5 ? 1 : 2);
      let expired = 0;
      for (let second = 0; second < 480; second++) {
        if (second === cutAt) for (const { link } of cut) link[random.next() < 0.5 ? 'down' : 'silent'] = true;
        await clock.advance(SECOND);
        for (const one of fleet) {
          const models = serve(one, rate, random);
          if (!cut.includes(one) || second * SECOND < cutAt * SECOND + TTL) continue;
          const knowsOfPromotion = one.rollout.state.cutoverAt !== undefined;
          const right = knowsOfPromotion ? one.endpoint.model('champion')! : 'm@1';
          expect([...models], `${one.name} after ${second} s`).toEqual([right]);
          if (!isFinal(one.rollout.state)) expired++;
        }
      }
      const [leader] = fleet as [Replica];
      expect(isFinal(leader.rollout.state)).toBe(true);
      expect(expired > 0 || cut.every(({ rollout }) => isFinal(rollout.state))).toBe(true);
      for (const one of cut.filter(({ link }) => !link.silent)) {
        one.link.down = false;
        await clock.advance(20 * SECOND);
        expect(one.rollout.state.status).toBe(leader.rollout.state.status);
        expect([...serve(one, rate, random)]).toEqual([leader.champion()]);
        expect(one.endpoint.policy).toBeUndefined();
      }
    },
  );

  test('keep the promoted challenger, the last model known to be healthy, and not the champion of old', async () => {
    const random = seededRandom(1);
    const clock = virtualClock(START);
    const one = await replica(memoryLog(), clock, 'a', 1);
    while (one.rollout.state.status !== 'baking') {
      serve(one, 0.2, random);
      await clock.advance(SECOND);
    }
    one.link.down = true;
    await clock.advance(10 * TTL);
    expect([...serve(one, 0.2, random)]).toEqual(['m@2']);
    expect(one.endpoint.model('previous')).toBe('m@1');
  });
});

describe('a rollback to a champion that does not load any more', () => {
  test('leaves the model in service that works, is not acknowledged, and goes on when it loads', async () => {
    const random = seededRandom(2);
    const clock = virtualClock(START);
    const log = memoryLog();
    const old = await replica(log, clock, 'a', 1);
    while (old.rollout.state.status !== 'baking') {
      serve(old, 0.2, random);
      await clock.advance(SECOND);
    }
    old.link.down = true;
    // The successor of a process that died while it baked: it has not held the old champion yet, and cannot load it.
    const w = await world({ log, clock, seed: 2 });
    w.endpoint.models.set('champion', 'm@2');
    const prepare = w.endpoint.arms.prepare;
    let broken = true;
    w.endpoint.arms.prepare = async (arm, source) => {
      const { id } = await source.resolve();
      if (broken && id === 'm@1') throw new TypeError('m@1 does not load');
      return prepare(arm, source);
    };
    const options = { clock, random: seededRandom(9), replica: 'b', tickMs: 5 * SECOND, flushMs: 10 * SECOND };
    const rollout = await startRollout(w.target, w.endpoint, definition, options);
    const next = { ...w, rollout, name: 'b' };
    const failures: string[] = [];
    rollout.events.on('failed', ({ error }) => failures.push(String(error)));
    expect([...serve(next, 0.2, random)]).toEqual(['m@2']);
    await rollout.rollBack('customers complain');
    await clock.advance(3 * TTL);
    expect(rollout.state.status).toBe('rollingBack');
    expect([...serve(next, 0.2, random)]).toEqual(['m@2']);
    expect(failures.length).toBeGreaterThan(10);
    expect(new Set(failures)).toEqual(new Set(['TypeError: m@1 does not load']));
    broken = false;
    await clock.advance(10 * SECOND);
    expect(rollout.state.status).toBe('rolledBack');
    expect([...serve(next, 0.2, random)]).toEqual(['m@1']);
  });
});
