import { isMillwrightError, MillwrightError, type ModelSource, type Predictor } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { virtualClock } from '@millwright/core/testing';
import {
  createEndpoint,
  type DecisionRecord,
  functionRuntime,
  isAbstained,
  type Row,
  tensor,
  tensors,
} from '@millwright/serving';
import { championPolicy, compilePolicy, type Policy } from '@millwright/serving/routing';
import { describe, expect, test } from 'vitest';
import { resolvedModel, sourceOf } from '../support/models.js';

const contract = defineContract({ inputs: { x: column.number({ min: 0 }) }, outputs: { y: column.number() } });

/** Doubles x; `runs` collects batch sizes. */
function doubling(runs: number[] = [], factor = 2) {
  return functionRuntime(
    (feeds) => {
      const x = feeds.get('x')!.data as Float32Array;
      runs.push(x.length);
      return tensors({
        y: tensor(
          'float32',
          [x.length],
          x.map((v) => factor * v),
        ),
      });
    },
    {
      inputs: [{ name: 'x', dtype: 'float32', dims: ['rows'] }],
      outputs: [{ name: 'y', dtype: 'float32', dims: ['rows'] }],
    },
  );
}

const doubler = (id = 'double@1', byte = 0) => sourceOf(resolvedModel(id, Uint8Array.of(byte), contract));
const predictor = (predict: Predictor<Row, Row>['predict']): Predictor<Row, Row> => ({ predict });

/** Half of all units go to the challenger. */
function half(extra: Partial<Policy> = {}) {
  const base = championPolicy({ salt: 'test', epoch: 7 });
  const ranges = [
    { start: 0, end: 2 ** 31, arm: 'challenger', since: 7 },
    { start: 2 ** 31, end: 2 ** 32, arm: 'champion', since: 7 },
  ];
  return compilePolicy({ ...base, mode: 'canary', ranges, ...extra });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return isMillwrightError(error) ? error.code : String(error);
  }
  return 'nothing thrown';
}

describe('an endpoint', () => {
  test('answers, and says who answered', async () => {
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling() });
    const { output, served, decisionId } = await endpoint.predict({ x: 21 }, { unit: 'a' });
    expect(output).toEqual({ y: 42 });
    expect(served).toMatchObject({
      model: 'double@1',
      arm: 'champion',
      epoch: 0,
      executionProvider: 'function',
      batch: 1,
    });
    expect(decisionId).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  });

  test('puts concurrent requests into one run, and every caller gets its own answer', async () => {
    const runs: number[] = [];
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling(runs), maxBatch: 256 });
    runs.length = 0;
    const answers = await Promise.all(Array.from({ length: 256 }, (_, x) => endpoint.predict({ x })));
    expect(answers.map((answer) => answer.output)).toEqual(Array.from({ length: 256 }, (_, x) => ({ y: 2 * x })));
    expect(runs).toEqual([256]);
    expect(endpoint.champion.stats).toMatchObject({ runs: 1, rows: 256, queued: 0 });
    const ids = answers.map((answer) => answer.decisionId);
    expect(new Set(ids).size).toBe(256);
    expect([...ids].sort()).toEqual(ids);
  });

  test('refuses what the contract refuses', async () => {
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling() });
    expect(await codeOf(endpoint.predict({ x: -1 }))).toBe('contract/violated');
    expect(await codeOf(endpoint.predict({}))).toBe('contract/violated');
    expect(endpoint.stats()).toMatchObject({ refused: 2, inFlight: 0 });
  });

  test('one row the model cannot take does not fail its neighbours', async () => {
    const runtime = functionRuntime(
      (feeds) => {
        const x = feeds.get('x')!.data as Float32Array;
        if (x.includes(13)) throw new MillwrightError('serving/model-failed', 'unlucky', { details: { model: 'm' } });
        return tensors({ y: tensor('float32', [x.length], x.slice()) });
      },
      {
        inputs: [{ name: 'x', dtype: 'float32', dims: ['rows'] }],
        outputs: [{ name: 'y', dtype: 'float32', dims: ['rows'] }],
      },
    );
    await using endpoint = await createEndpoint({ model: doubler(), runtime });
    const settled = await Promise.allSettled(Array.from({ length: 40 }, (_, x) => endpoint.predict({ x })));
    expect(settled.map((s) => s.status === 'fulfilled')).toEqual(Array.from({ length: 40 }, (_, x) => x !== 13));
  });

  test('keeps its deadline while the model still runs', async () => {
    const clock = virtualClock(1_000);
    const model = predictor(() => new Promise(() => undefined));
    const endpoint = await createEndpoint({ model, clock, deadlineMs: 50 });
    const late = codeOf(endpoint.predict({ x: 1 }));
    const earlier = codeOf(endpoint.predict({ x: 1 }, { deadlineAt: 1_010 }));
    const past = codeOf(endpoint.predict({ x: 1 }, { deadlineAt: 999 }));
    expect(await past).toBe('serving/deadline');
    await clock.advance(10);
    expect(await earlier).toBe('serving/deadline');
    expect(endpoint.stats().inFlight).toBe(1);
    await clock.advance(40);
    expect(await late).toBe('serving/deadline');
    expect(clock.scheduled).toBe(0);
  });

  test('an aborted request ends at once with the reason, and leaves no listener', async () => {
    const endpoint = await createEndpoint({ model: predictor(() => new Promise(() => undefined)) });
    const controller = new AbortController();
    const aborted = endpoint.predict({}, { signal: controller.signal });
    controller.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    await expect(endpoint.predict({}, { signal: controller.signal })).rejects.toBe('enough');
    expect(endpoint.stats().inFlight).toBe(0);
  });

  test('refuses at the queue bound, and says when to come back', async () => {
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling(), maxQueued: 8 });
    const settled = await Promise.allSettled(Array.from({ length: 10 }, (_, x) => endpoint.predict({ x })));
    const refused = settled.filter((s) => s.status === 'rejected').map((s) => s.reason);
    expect(refused.map((error) => error.code)).toEqual(['serving/overloaded', 'serving/overloaded']);
    expect(refused[0].details.retryAfterMs).toBeGreaterThanOrEqual(1);
  });

  test('closing answers what is under way and refuses the rest', async () => {
    const endpoint = await createEndpoint({ model: doubler(), runtime: doubling() });
    const last = endpoint.predict({ x: 1 });
    await endpoint.close();
    expect((await last).output).toEqual({ y: 2 });
    expect(await codeOf(endpoint.predict({ x: 1 }))).toBe('state/closed');
  });

  test('a source without a runtime, and a codec that does not fit, are explained', async () => {
    expect(await codeOf(createEndpoint({ model: doubler() }))).toBe('input/invalid');
    const other = defineContract({ inputs: { a: column.number(), b: column.text() }, outputs: { y: column.number() } });
    const model = sourceOf(resolvedModel('m@1', Uint8Array.of(1), other));
    expect(await codeOf(createEndpoint({ model, runtime: doubling() }))).toBe('input/invalid');
  });
});

test('a clock that waits for the answer before it moves never waits for ever', async () => {
  const clock = virtualClock(1e12);
  await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling(), clock, deadlineMs: 50 });
  for (let i = 0; i < 500; i++) {
    const size = 1 + (i % 3);
    await Promise.all(Array.from({ length: size }, (_, x) => endpoint.predict({ x })));
    await clock.advance(0.001 * size);
  }
  expect(endpoint.stats()).toMatchObject({ requests: 999, failed: 0 });
});

describe('arms', () => {
  test('the policy sends a unit to its arm, always the same', async () => {
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling() });
    await endpoint.arms.prepare(
      'challenger',
      predictor(async () => ({ y: -1 })),
    );
    endpoint.setPolicy(half());
    const records: DecisionRecord[] = [];
    endpoint.observe((record) => records.push(record));
    for (let i = 0; i < 100; i++) await endpoint.predict({ x: i }, { unit: `unit-${i % 10}` });
    const arms = new Map<string | undefined, Set<string>>();
    for (const { unit, armServed } of records) arms.set(unit, (arms.get(unit) ?? new Set()).add(armServed!));
    expect([...arms.values()].every((set) => set.size === 1)).toBe(true);
    expect(new Set(records.map((r) => r.armServed))).toEqual(new Set(['champion', 'challenger']));
    expect(records[0]).toMatchObject({ epoch: 7, share: 0.5, sticky: true, status: 'answered', shadow: false });
  });

  test('when the challenger fails the champion answers, and the assigned arm is charged', async () => {
    const crash = predictor(async () => {
      throw new MillwrightError('serving/model-failed', 'boom', { details: { model: 'challenger' } });
    });
    const records: DecisionRecord[] = [];
    await using endpoint = await createEndpoint({
      model: doubler(),
      runtime: doubling(),
      onDecision: (r) => records.push(r),
    });
    await endpoint.arms.prepare('challenger', crash);
    endpoint.setPolicy(half());
    const answers = await Promise.all(Array.from({ length: 40 }, (_, x) => endpoint.predict({ x }, { unit: `u${x}` })));
    expect(answers.map(({ output }) => output)).toEqual(Array.from({ length: 40 }, (_, x) => ({ y: 2 * x })));
    const fallen = records.filter((record) => record.armAssigned === 'challenger');
    expect(fallen.length).toBeGreaterThan(5);
    for (const record of fallen) {
      expect(record).toMatchObject({
        armServed: 'champion',
        status: 'fellBack',
        error: { code: 'serving/model-failed' },
      });
    }
    const degraded = answers.filter(({ served }) => served.degraded === 'fallback');
    expect(degraded.length).toBe(fallen.length);
  });

  test('an arm that hangs leaves the champion half of the time, and what it says later is not believed', async () => {
    const clock = virtualClock(1_000);
    let late: ((output: Row) => void) | undefined;
    const hangs = predictor(
      () =>
        new Promise((resolve) => {
          late = resolve;
        }),
    );
    const slow = predictor(
      () =>
        new Promise((resolve) => {
          clock.schedule(10, () => resolve({ y: 1 }));
        }),
    );
    const records: DecisionRecord[] = [];
    const endpoint = await createEndpoint<Row, Row>({
      model: slow,
      clock,
      deadlineMs: 100,
      onDecision: (r) => records.push(r),
    });
    await endpoint.arms.prepare('challenger', hangs);
    endpoint.setPolicy(half({ ranges: [{ start: 0, end: 2 ** 32, arm: 'challenger', since: 7 }] }));
    const answer = endpoint.predict({}, { unit: 'u' });
    await clock.advance(50);
    late?.({ y: -1 });
    await clock.advance(10);
    expect(await answer).toMatchObject({ output: { y: 1 }, served: { arm: 'champion', degraded: 'fallback' } });
    expect(records).toMatchObject([
      { armAssigned: 'challenger', armServed: 'champion', status: 'fellBack', latencyMs: 60 },
    ]);
    expect(records[0]!.error).toMatchObject({ code: 'serving/deadline' });
    expect(clock.scheduled).toBe(0);
  });

  test('an arm that was not prepared counts as failing', async () => {
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling() });
    endpoint.setPolicy(half());
    const answers = await Promise.all(Array.from({ length: 20 }, (_, x) => endpoint.predict({ x }, { unit: `u${x}` })));
    expect(answers.every(({ served }) => served.arm === 'champion')).toBe(true);
  });

  test('a shadow gets a copy after the answer, and never more than fit', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const shadow = predictor(async () => {
      await gate;
      return { y: -1 };
    });
    const records: DecisionRecord[] = [];
    await using endpoint = await createEndpoint({
      model: doubler(),
      runtime: doubling(),
      maxShadows: 3,
      onDecision: (r) => records.push(r),
    });
    await endpoint.arms.prepare('shadow', shadow);
    endpoint.setPolicy(compilePolicy({ ...championPolicy({ salt: 's' }), shadows: [{ arm: 'shadow', share: 1 }] }));
    await Promise.all(Array.from({ length: 5 }, (_, x) => endpoint.predict({ x }, { unit: `u${x}` })));
    expect(endpoint.stats().shadowsDropped).toBe(2);
    open();
    await endpoint.arms.remove('shadow');
    expect(records.filter((r) => r.shadow).map((r) => r.output)).toEqual([{ y: -1 }, { y: -1 }, { y: -1 }]);
    expect(endpoint.stats().requests).toBe(5);
  });

  test('a shadow has an input of its own, and is told to do nothing but answer', async () => {
    const seen: unknown[] = [];
    const shadow: Predictor<Row, Row> = {
      predict: async (input, { effects, unit }) => {
        seen.push([input['x'], effects, unit]);
        Object.assign(input, { x: -1 });
        return { y: 0 };
      },
    };
    for (const copyInput of [undefined, (input: { x: number }) => ({ x: input.x + 6 })]) {
      await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling(), copyInput });
      for (const arm of ['one', 'two']) await endpoint.arms.prepare(arm, shadow);
      const shadows = ['one', 'two'].map((arm) => ({ arm, share: 1 }));
      endpoint.setPolicy(compilePolicy({ ...championPolicy({ salt: 's' }), shadows }));
      const input = { x: 3 };
      await endpoint.predict(input, { unit: 'u' });
      for (const arm of ['one', 'two']) await endpoint.arms.remove(arm);
      expect(input).toEqual({ x: 3 });
    }
    const own = [3, 'none', 'u'];
    const copied = [9, 'none', 'u'];
    expect(seen).toEqual([own, own, copied, copied]);
  });

  test('an input that cannot be copied is answered, and not shadowed', async () => {
    await using endpoint = await createEndpoint<{ x: number; late: () => void }, string>({
      model: { predict: async () => 'answer' },
    });
    await endpoint.arms.prepare('shadow', { predict: async () => 'shadow' });
    endpoint.setPolicy(compilePolicy({ ...championPolicy({ salt: 's' }), shadows: [{ arm: 'shadow', share: 1 }] }));
    expect((await endpoint.predict({ x: 1, late: () => undefined }, { unit: 'u' })).output).toBe('answer');
    expect(endpoint.stats().shadowsDropped).toBe(1);
  });

  test('promotion moves the model without loading it again', async () => {
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling() });
    await endpoint.arms.prepare('challenger', doubler('double@2', 2));
    endpoint.arms.promote('challenger');
    await endpoint.arms.remove('challenger');
    expect((await endpoint.predict({ x: 1 })).served.model).toBe('double@2');
    expect(endpoint.champion.model).toBe('double@2');
  });
});

describe('hot swap', () => {
  test('under load loses no request', async () => {
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling() });
    let done = false;
    let answered = 0;
    const load = (async () => {
      while (!done) {
        const answers = await Promise.all(Array.from({ length: 16 }, (_, x) => endpoint.predict({ x })));
        for (const [x, { output }] of answers.entries()) expect(output).toEqual({ y: 2 * x });
        answered += answers.length;
      }
    })();
    for (let version = 2; version < 30; version++) {
      const swapping = endpoint.champion.swap(doubler(`double@${version}`, version));
      await Promise.all([swapping, endpoint.predict({ x: version })]);
    }
    done = true;
    await load;
    expect(answered).toBeGreaterThan(16 * 10);
    expect(endpoint.stats().failed).toBe(0);
    expect(endpoint.champion.model).toBe('double@29');
  });

  test('follows its source, and keeps the old model when the new one does not load', async () => {
    const versions = [
      resolvedModel('double@2', Uint8Array.of(2), contract),
      resolvedModel('broken@3', Uint8Array.of(3), undefined),
    ];
    let give: (() => void) | undefined;
    const model: ModelSource = {
      resolve: async () => resolvedModel('double@1', Uint8Array.of(1), contract),
      async *watch() {
        for (const version of versions) {
          yield version;
          await new Promise<void>((resolve) => {
            give = resolve;
          });
        }
      },
    };
    const base = doubling();
    const runtime: typeof base = {
      ...base,
      load: async (artifact, plan, o) => {
        if (artifact.digest === versions[1]!.digest)
          throw new MillwrightError('serving/untrusted-model', 'no', { details: { reasons: ['no'] } });
        return base.load(artifact, plan, o);
      },
    };
    await using endpoint = await createEndpoint({ model, runtime });
    const swapped = new Promise<string>(
      (resolve) => void endpoint.events.once('swapped', (event) => resolve(event.model)),
    );
    expect(await swapped).toBe('double@2');
    const failed = new Promise<unknown>(
      (resolve) => void endpoint.events.once('swapFailed', (event) => resolve(event.error)),
    );
    while (give === undefined) await Promise.resolve();
    give();
    expect(await failed).toMatchObject({ code: 'serving/untrusted-model' });
    expect(endpoint.champion.model).toBe('double@2');
  });
});

describe('guards', () => {
  test('one that throws holds the answer back', async () => {
    const broken = {
      name: 'broken',
      input: (): string | undefined => {
        throw new TypeError('no');
      },
    };
    await using endpoint = await createEndpoint({ model: doubler(), runtime: doubling(), guards: [broken] });
    expect((await endpoint.predict({ x: 1 })).output).toEqual({
      abstained: true,
      guard: 'broken',
      reason: 'The guard failed: no',
    });
  });

  test('an abstention is an answer of its own kind', async () => {
    const guards = [
      { name: 'plausible', input: ({ x }: Row) => (Number(x) > 100 ? 'x is larger than anything seen' : undefined) },
      { name: 'finite', output: ({ y }: Row) => (y === 14 ? 'y is 14' : undefined) },
    ];
    const records: DecisionRecord[] = [];
    await using endpoint = await createEndpoint({
      model: doubler(),
      runtime: doubling(),
      guards,
      onDecision: (r) => records.push(r),
    });
    const [far, odd, fine] = await Promise.all([101, 7, 1].map((x) => endpoint.predict({ x })));
    expect(isAbstained(far!.output)).toBe(true);
    expect(odd!.output).toEqual({ abstained: true, guard: 'finite', reason: 'y is 14' });
    expect(fine!.output).toEqual({ y: 2 });
    expect(records.map((r) => r.status).sort()).toEqual(['abstained', 'abstained', 'answered']);
  });
});
