import { isMillwrightError, MillwrightError, type Predictor } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { openLedger, readSegment, segmentProjection, segmentWriter } from '@millwright/core/ledger';
import { memoryBlobs, memoryLog } from '@millwright/core/storage';
import { type VirtualClock, virtualClock } from '@millwright/core/testing';
import {
  circuitBreaker,
  createEndpoint,
  type DecisionRecord,
  degradeLadder,
  type EndpointOptions,
  functionRuntime,
  logDecisions,
  type Row,
  responseCache,
  tensor,
  tensors,
} from '@millwright/serving';
import { championPolicy, compilePolicy } from '@millwright/serving/routing';
import { describe, expect, test } from 'vitest';
import { resolvedModel, sourceOf } from '../support/models.js';

const contract = defineContract({ inputs: { x: column.number() }, outputs: { y: column.number() } });
const source = (id = 'm@1', byte = 0) => sourceOf(resolvedModel(id, Uint8Array.of(byte), contract));
const failure = new MillwrightError('serving/model-failed', 'broken', { details: { model: 'm' } });

/** An endpoint over predictors by model id, in virtual time. `asked` says who was asked what. */
async function lab(
  answers: Readonly<Record<string, (x: number) => number | Promise<number>>>,
  { clock = virtualClock(), ...options }: Partial<EndpointOptions<Row, Row>> & { clock?: VirtualClock } = {},
) {
  const asked: string[] = [];
  const decisions: DecisionRecord[] = [];
  const endpoint = await createEndpoint<Row, Row>({
    model: source('champion@1', 1),
    clock,
    predictor: ({ id }): Predictor<Row, Row> => ({
      async predict({ x }) {
        asked.push(`${id} ${x}`);
        return { y: await answers[id.split('@')[0]!]!(x as number) };
      },
    }),
    onDecision: (decision) => decisions.push(decision),
    ...options,
  });
  await endpoint.arms.prepare('b', source('b@2', 2));
  const all = { start: 0, end: 2 ** 32, arm: 'b', since: 1 };
  const toB = compilePolicy({ ...championPolicy({ salt: 's', epoch: 1 }), mode: 'canary', ranges: [all] });
  return { endpoint, clock, asked, decisions, toB };
}

const settled = async (work: Promise<{ output: unknown; served: object }>) => {
  try {
    const { output, served } = await work;
    return { output, served };
  } catch (error) {
    return isMillwrightError(error) ? error.code : error;
  }
};

describe('with a cache', () => {
  const cached = async (answer: (x: number) => number | Promise<number>) => {
    const clock = virtualClock();
    return await lab(
      { champion: answer, b: (x) => 10 * x },
      { clock, cache: responseCache({ maxBytes: 1e6, clock, ttlMs: 100 }) },
    );
  };

  test('a question is asked once, and who is told so', async () => {
    const { endpoint, asked, decisions } = await cached((x) => 2 * x);
    expect(await endpoint.predict({ x: 1 })).toMatchObject({ output: { y: 2 }, served: { cached: false, batch: 1 } });
    expect(await endpoint.predict({ x: 1 })).toMatchObject({
      output: { y: 2 },
      served: { cached: true, model: 'champion@1', batch: 0 },
    });
    await endpoint.predict({ x: 2 });
    expect(asked).toEqual(['champion@1 1', 'champion@1 2']);
    expect(decisions.map(({ cached: was, status }) => [was, status])).toEqual([
      [false, 'answered'],
      [true, 'answered'],
      [false, 'answered'],
    ]);
  });

  test('arms and tenants never share an answer', async () => {
    const { endpoint, asked, toB } = await cached((x) => 2 * x);
    await endpoint.predict({ x: 1 }, { tenant: 'a' });
    await endpoint.predict({ x: 1 }, { tenant: 'b' });
    endpoint.setPolicy(toB);
    expect((await endpoint.predict({ x: 1 }, { tenant: 'a', unit: 'u' })).output).toEqual({ y: 10 });
    expect(asked).toEqual(['champion@1 1', 'champion@1 1', 'b@2 1']);
  });

  test('equal requests at one time are one, and each may leave without the others', async () => {
    let answer = (_: number) => {};
    const { endpoint, asked } = await cached(
      () =>
        new Promise<number>((resolve) => {
          answer = resolve;
        }),
    );
    const leaving = new AbortController();
    const led = endpoint.predict({ x: 1 }, { signal: leaving.signal }).catch((error) => error);
    const follower = endpoint.predict({ x: 1 });
    const gone = new AbortController();
    const other = endpoint.predict({ x: 1 }, { signal: gone.signal }).catch((error) => error);
    gone.abort('other');
    expect(await other).toBe('other');
    expect(asked).toHaveLength(1);
    // Whoever leads leaves: the next one asks for itself.
    leaving.abort('led');
    expect(await led).toBe('led');
    expect(asked).toHaveLength(2);
    answer(5);
    expect((await follower).output).toEqual({ y: 5 });
    expect(endpoint.stats().inFlight).toBe(0);
  });

  test('a follower keeps its own deadline', async () => {
    const { endpoint, clock } = await cached(() => new Promise<number>(() => undefined));
    void endpoint.predict({ x: 1 }).catch(() => undefined);
    const short = settled(endpoint.predict({ x: 1 }, { deadlineAt: 20 }));
    await clock.advance(20);
    expect(await short).toBe('serving/deadline');
  });

  test('failures and abstentions are not kept', async () => {
    let calls = 0;
    const { endpoint } = await cached(() => {
      if (++calls === 1) throw failure;
      return calls;
    });
    expect(await settled(endpoint.predict({ x: 1 }))).toBe('serving/model-failed');
    expect((await endpoint.predict({ x: 1 })).output).toEqual({ y: 2 });
  });

  test('an answer of an arm that fell back is not the arm’s', async () => {
    const clock = virtualClock();
    const cache = responseCache({ maxBytes: 1e6, clock });
    let broken = true;
    const b = (x: number) => {
      if (broken) throw failure;
      return 10 * x;
    };
    const { endpoint, toB } = await lab({ champion: (x) => x, b }, { clock, cache });
    endpoint.setPolicy(toB);
    expect((await endpoint.predict({ x: 3 }, { unit: 'u' })).served).toMatchObject({
      arm: 'champion',
      degraded: 'fallback',
    });
    broken = false;
    expect((await endpoint.predict({ x: 3 }, { unit: 'u' })).output).toEqual({ y: 30 });
  });
});

describe('with breakers', () => {
  const breaking = async (fails: { now: boolean }) => {
    const clock = virtualClock();
    const b = (x: number) => {
      if (fails.now) throw failure;
      return 10 * x;
    };
    return await lab(
      { champion: (x) => x, b },
      { clock, breaker: () => circuitBreaker({ clock, window: 4, openMs: 1_000, trials: 1 }) },
    );
  };

  test('an arm that fails is left alone, and its requests go to the champion at once', async () => {
    const fails = { now: true };
    const { endpoint, asked, toB, clock } = await breaking(fails);
    endpoint.setPolicy(toB);
    for (let x = 0; x < 10; x++)
      expect((await endpoint.predict({ x }, { unit: 'u' })).served).toMatchObject({
        arm: 'champion',
        degraded: 'fallback',
      });
    expect(asked.filter((what) => what.startsWith('b'))).toHaveLength(4);
    fails.now = false;
    await clock.advance(1_000);
    for (let x = 0; x < 3; x++)
      expect((await endpoint.predict({ x }, { unit: 'u' })).served).toMatchObject({ arm: 'b' });
  });

  test('a champion that fails says when to come back', async () => {
    const clock = virtualClock();
    const broken = () => Promise.reject(failure);
    const { endpoint } = await lab(
      { champion: broken, b: broken },
      { clock, breaker: () => circuitBreaker({ clock, window: 2, openMs: 1_500 }) },
    );
    for (let i = 0; i < 2; i++) expect(await settled(endpoint.predict({ x: 1 }))).toBe('serving/model-failed');
    await expect(endpoint.predict({ x: 1 })).rejects.toMatchObject({
      code: 'serving/overloaded',
      details: { retryAfterMs: 1_500 },
    });
  });

  test('a caller who leaves, and a bad request, say nothing about the arm', async () => {
    const clock = virtualClock();
    const invalid = new MillwrightError('serving/tensor', 'no', { details: { name: 'x', expected: '', received: '' } });
    const { endpoint } = await lab(
      { champion: () => Promise.reject(invalid), b: () => 1 },
      { clock, breaker: () => circuitBreaker({ clock, window: 2 }) },
    );
    for (let i = 0; i < 8; i++) expect(await settled(endpoint.predict({ x: 1 }))).toBe('serving/tensor');
    for (let i = 0; i < 8; i++) {
      const abort = new AbortController();
      const left = endpoint.predict({ x: 1 }, { signal: abort.signal }).catch((error) => error);
      abort.abort('left');
      expect(await left).toBe('left');
    }
  });
});

describe('with a ladder', () => {
  const overloaded = new MillwrightError('serving/overloaded', 'full', { details: { retryAfterMs: 1 } });

  async function loaded(rungs: Parameters<typeof degradeLadder<Row, Row>>[0]['rungs']) {
    const clock = virtualClock();
    const load = { now: true };
    const champion = (x: number) => {
      if (load.now) throw overloaded;
      return x;
    };
    const cache = responseCache({ maxBytes: 1e6, clock, ttlMs: 10 });
    const degrade = degradeLadder<Row, Row>({ rungs, clock, minRequests: 5 });
    const made = await lab({ champion, b: (x) => 10 * x }, { clock, cache, degrade });
    /** A window of requests that are turned away. */
    const overload = async () => {
      load.now = true;
      for (let i = 0; i < 10; i++) await settled(made.endpoint.predict({ x: 1_000 + i }));
      await clock.advance(1_000);
    };
    return { ...made, load, overload, degrade };
  }

  test('requests go to a cheaper arm, and experiments leave them out', async () => {
    const { endpoint, overload, decisions } = await loaded([{ name: 'small', arm: 'b' }]);
    await overload();
    expect(await endpoint.predict({ x: 3 }, { unit: 'u' })).toMatchObject({
      output: { y: 30 },
      served: { arm: 'b', degraded: 'arm' },
    });
    expect(decisions.at(-1)).toMatchObject({ degraded: 'arm', sticky: false, share: 1 });
  });

  test('old answers are better than none', async () => {
    const { endpoint, overload, load, clock } = await loaded([{ name: 'stale', stale: true }]);
    load.now = false;
    await endpoint.predict({ x: 4 });
    await clock.advance(20);
    await overload();
    expect(await endpoint.predict({ x: 4 })).toMatchObject({
      output: { y: 4 },
      served: { degraded: 'stale', cached: true },
    });
    expect(await settled(endpoint.predict({ x: 5 }))).toBe('serving/overloaded');
  });

  test('an answer without a model, where the rung has one; a rung that fails serves after all', async () => {
    const answer = ({ x }: Row) => {
      if (x === 1) throw new Error('no idea');
      return x === 2 ? { y: -1 } : undefined;
    };
    const { endpoint, overload, load } = await loaded([{ name: 'default', answer }]);
    await overload();
    load.now = false;
    expect(await endpoint.predict({ x: 2 })).toMatchObject({ output: { y: -1 }, served: { degraded: 'default' } });
    expect(await endpoint.predict({ x: 1 })).toMatchObject({ output: { y: 1 }, served: { degraded: undefined } });
    expect(await endpoint.predict({ x: 3 })).toMatchObject({ output: { y: 3 } });
  });

  test('copies for shadows stop first', async () => {
    const { endpoint, overload, load, asked } = await loaded([{ name: 'no shadows', shadows: false }]);
    const policy = championPolicy({ salt: 's', epoch: 1 });
    endpoint.setPolicy(compilePolicy({ ...policy, shadows: [{ arm: 'b', share: 1 }] } as typeof policy));
    load.now = false;
    await endpoint.predict({ x: 1 });
    expect(asked).toContain('b@2 1');
    await overload();
    load.now = false;
    await endpoint.predict({ x: 2 });
    expect(asked).not.toContain('b@2 2');
  });
});

describe('stages', () => {
  test('have a budget and percentiles; what an arm takes beyond its own is the champion’s', async () => {
    const { endpoint, clock, toB } = await lab(
      { champion: (x) => x, b: () => new Promise<number>(() => undefined) },
      { budgetsMs: { infer: 20 }, contract },
    );
    endpoint.setPolicy(toB);
    const answer = endpoint.predict({ x: 1 }, { unit: 'u' });
    await clock.advance(20);
    expect((await answer).served).toMatchObject({ arm: 'champion', degraded: 'fallback' });
    const { stages } = endpoint.stats();
    expect(stages.get('check')).toMatchObject({ count: 1, overBudget: 0 });
    // The arm's 20 ms in vain, and the champion's answer.
    expect(stages.get('infer')).toMatchObject({ count: 2, budgetMs: 20, overBudget: 1 });
    expect(stages.get('verify')).toBeUndefined();
  });

  test('ended by a deadline of the caller’s took their time, and no budget', async () => {
    const { endpoint, clock } = await lab(
      { champion: () => new Promise<number>(() => undefined), b: () => 1 },
      { budgetsMs: { infer: 20 } },
    );
    const answer = settled(endpoint.predict({ x: 1 }, { deadlineAt: 5 }));
    await clock.advance(5);
    expect(await answer).toBe('serving/deadline');
    expect(endpoint.stats().stages.get('infer')).toMatchObject({ count: 1, maxMs: 5, overBudget: 0 });
  });

  test('leave an arm as much of the deadline as the host says', async () => {
    const { endpoint, clock, toB } = await lab(
      { champion: (x) => x, b: () => new Promise<number>(() => undefined) },
      { deadlineMs: 100, fallbackAfter: 0.2 },
    );
    endpoint.setPolicy(toB);
    const answer = endpoint.predict({ x: 1 }, { unit: 'u' });
    await clock.advance(19);
    expect(endpoint.stats().inFlight).toBe(1);
    await clock.advance(1);
    expect((await answer).served).toMatchObject({ arm: 'champion', degraded: 'fallback' });
  });

  test('of guards are there when there are guards', async () => {
    await using endpoint = await createEndpoint<Row, Row>({
      model: { predict: async () => ({ y: 1 }) },
      guards: [{ name: 'none' }],
    });
    await endpoint.predict({ x: 1 });
    expect([...endpoint.stats().stages.keys()].sort()).toEqual(['guard', 'infer', 'verify']);
  });

  test('a budget of inference is a deadline when there is nobody to fall back to', async () => {
    const { endpoint, clock } = await lab(
      { champion: () => new Promise<number>(() => undefined), b: () => 1 },
      { budgetsMs: { infer: 20 } },
    );
    const answer = endpoint.predict({ x: 1 }).catch((error) => error);
    await clock.advance(20);
    expect(await answer).toMatchObject({ code: 'serving/deadline', details: { deadlineMs: 20 } });
    expect(endpoint.stats().stages.get('infer')).toMatchObject({ count: 1, overBudget: 1 });
  });
});

describe('what comes with a request', () => {
  test.each<[string, unknown]>([
    ['a deadline that never comes', { deadlineAt: Number.NaN }],
    ['a deadline in text', { deadlineAt: '2026-01-01' }],
    ['an unknown priority', { priority: 'urgent' }],
    ['a unit that is no text', { unit: 7 }],
    ['a tenant that is no text', { tenant: {} }],
    ['attributes that are none', { attributes: null }],
    ['a signal that is none', { signal: {} }],
  ])('%s is refused', async (_, context) => {
    const { endpoint, asked } = await lab({ champion: (x) => x, b: () => 1 });
    await expect(endpoint.predict({ x: 1 }, context as never)).rejects.toMatchObject({ code: 'input/invalid' });
    expect([asked, endpoint.stats()]).toMatchObject([[], { refused: 1, inFlight: 0 }]);
  });

  test('what throws when it is read breaks the contract, and the cause is kept', async () => {
    const { endpoint } = await lab({ champion: (x) => x, b: () => 1 }, { contract });
    const cause = new TypeError('gone');
    const input = Object.defineProperty({}, 'x', {
      get() {
        throw cause;
      },
    });
    await expect(endpoint.predict(input)).rejects.toMatchObject({ code: 'contract/violated', cause });
    expect((await endpoint.predict({ x: 1 })).output).toEqual({ y: 1 });
  });
});

describe('golden rows', () => {
  const runtime = (factor: number) =>
    functionRuntime(
      (feeds) => {
        const { data } = feeds.get('x')!;
        return tensors({
          y: tensor(
            'float32',
            [data.length],
            (data as Float32Array).map((v) => factor * v),
          ),
        });
      },
      {
        inputs: [{ name: 'x', dtype: 'float32', dims: ['rows'] }],
        outputs: [{ name: 'y', dtype: 'float32', dims: ['rows'] }],
      },
    );
  const golden = [
    {
      feeds: tensors({ x: tensor('float32', [2], Float32Array.of(1, 2)) }),
      outputs: tensors({ y: tensor('float32', [2], Float32Array.of(2, 4)) }),
    },
  ];

  test('decide before a model serves, and how well they agree is kept', async () => {
    await using endpoint = await createEndpoint({ model: source(), runtime: runtime(2), golden });
    expect(endpoint.champion.facts.parity).toBe(0);
    await expect(createEndpoint({ model: source(), runtime: runtime(2.1), golden })).rejects.toMatchObject({
      code: 'serving/no-provider',
    });
    await using lenient = await createEndpoint({ model: source(), runtime: runtime(2.1), golden, tolerance: 0.1 });
    expect(lenient.champion.facts.parity).toBeCloseTo(0.1 / 2, 2);
  });

  test('may differ by model, and hold for a swap too', async () => {
    const byModel = ({ id }: { readonly id: string }) =>
      id === 'strict@2'
        ? [{ ...golden[0]!, outputs: tensors({ y: tensor('float32', [2], Float32Array.of(9, 9)) }) }]
        : golden;
    await using endpoint = await createEndpoint({ model: source(), runtime: runtime(2), golden: byModel });
    await expect(endpoint.champion.swap(source('strict@2', 2))).rejects.toMatchObject({ code: 'serving/no-provider' });
    expect((await endpoint.predict({ x: 4 })).output).toEqual({ y: 8 });
  });
});

test('calls of a predictor are bounded per arm', async () => {
  const { endpoint, toB } = await lab(
    { champion: (x) => x, b: () => new Promise<number>(() => undefined) },
    { maxInFlight: 2 },
  );
  endpoint.setPolicy(toB);
  for (let i = 0; i < 2; i++) void endpoint.predict({ x: i }, { unit: 'u' }).catch(() => undefined);
  // The third finds no place at the slow arm, and the champion has all of its own.
  expect((await endpoint.predict({ x: 9 }, { unit: 'u' })).served).toMatchObject({
    arm: 'champion',
    degraded: 'fallback',
  });
});

describe('a decision log', () => {
  test('keeps every decision in segments, and values only when asked to', async () => {
    const blobs = memoryBlobs();
    const ledger = await openLedger({ log: memoryLog(), blobs, actor: 'test' });
    const segments = segmentWriter({ ledger, blobs, stream: 'decisions' });
    const { endpoint, toB } = await lab({ champion: (x) => x, b: () => Promise.reject(failure) });
    const plain = logDecisions(endpoint, segments);
    await endpoint.predict({ x: 41 }, { unit: 'jane@example.org' });
    plain.stop();
    const full = logDecisions(endpoint, segments, {
      input: ({ x }) => ({ x: x as number }),
      output: ({ y }) => y as number,
      unit: (unit) => `u${unit.length}`,
    });
    endpoint.setPolicy(toB);
    await endpoint.predict({ x: 42 }, { unit: 'jane@example.org' });
    expect([plain.written, full.written, full.lost]).toEqual([1, 1, 0]);
    await segments.close();
    await ledger.use(segmentProjection);
    const [sealed] = ledger.state(segmentProjection).get('decisions')!;
    const [first, second] = (await readSegment(blobs, sealed!))!;
    expect(first).toMatchObject({
      status: 'answered',
      armServed: 'champion',
      model: 'champion@1',
      digest: expect.stringMatching(/^sha256:/),
    });
    expect(JSON.stringify(first)).not.toMatch(/jane|41/);
    expect(second).toMatchObject({
      status: 'fellBack',
      armAssigned: 'b',
      armServed: 'champion',
      error: 'serving/model-failed',
      degraded: 'fallback',
      unit: 'u16',
      input: { x: 42 },
      output: 42,
    });
  });

  test('that cannot keep up loses records, never requests', async () => {
    const { endpoint } = await lab({ champion: (x) => x, b: () => 1 });
    const errors: unknown[] = [];
    const full = new MillwrightError('queue/full', 'full', { details: { limit: 1 } });
    const log = logDecisions(
      endpoint,
      {
        append() {
          throw full;
        },
      },
      { onLost: (error) => errors.push(error) },
    );
    expect((await endpoint.predict({ x: 1 })).output).toEqual({ y: 1 });
    expect([log.written, log.lost, errors]).toEqual([0, 1, [full]]);
  });
});
