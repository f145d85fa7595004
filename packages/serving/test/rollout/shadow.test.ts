import { seededRandom } from '@millwright/core';
import { describe, expect, test } from 'vitest';
import { createShadowComparison, type ServedDecision, type ShadowOptions } from '../../src/rollout/index.js';
import { championPolicy, compilePolicy, shadowPoint } from '../../src/routing/index.js';

/** Both arms answer `count` requests; the champion is right with 0.8, the challenger with `right`, mostly on the same requests. */
function played(count: number, right: number, options: ShadowOptions = {}) {
  const random = seededRandom(3);
  const shadow = createShadowComparison({
    window: '1h',
    clock: { now: () => 10, monotonic: () => 0, schedule: () => () => undefined },
    ...options,
  });
  for (let i = 0; i < count; i++) {
    const label = random.next() < 0.5;
    const hard = random.next();
    const jitter = random.next() < 0.05;
    const answer = (skill: number, other: boolean): ServedDecision['output'] => ({
      late: (hard < skill !== other) === label ? 0.9 : 0.1,
    });
    const decision = {
      decisionId: `d${i}`,
      unit: `u${i}`,
      epoch: 1,
      share: 1,
      sticky: true,
      status: 'answered',
      time: i,
      latencyMs: 1,
    } as const;
    shadow.decided({ ...decision, armAssigned: 'champion', shadow: false, output: answer(0.8, false) });
    shadow.decided({ ...decision, armAssigned: 'challenger', shadow: true, output: answer(right, jitter) });
    shadow.record({ decisionId: `d${i}`, value: label, time: i + 1 });
  }
  shadow.advance(Infinity);
  return shadow.report();
}

describe('shadow comparison', () => {
  test('proves a challenger that is as good, request by request', () => {
    const report = played(4_000, 0.83, { margin: 0.05 });
    expect(report).toMatchObject({ pairs: 4_000, labelled: 4_000, failed: 0, verdict: 'pass' });
    expect(report.different.interval.lower).toBeGreaterThan(0.02);
  });

  test('finds one that is worse with a few hundred requests', () => {
    const report = played(600, 0.7);
    expect(report.verdict).toBe('fail');
    expect(report.onlyChampionRight).toBeGreaterThan(report.onlyChallengerRight);
  });

  test('few labels decide nothing, and none at all decide nothing', () => {
    expect(played(20, 0.8).verdict).toBe('insufficient');
    expect(createShadowComparison().report()).toMatchObject({
      pairs: 0,
      verdict: 'insufficient',
      logE: { worse: expect.closeTo(0, 9) },
    });
  });

  test('copies without a first answer are ignored, failed copies counted, waiting answers bounded', () => {
    const shadow = createShadowComparison({ maxWaiting: 2 });
    const decision = {
      unit: 'u',
      epoch: 1,
      share: 1,
      sticky: true,
      status: 'answered',
      time: 0,
      latencyMs: 1,
      output: 1,
    } as const;
    const first = (decisionId: string) =>
      shadow.decided({ ...decision, decisionId, armAssigned: 'champion', shadow: false });
    const copy = (decisionId: string, status: ServedDecision['status']) =>
      shadow.decided({ ...decision, decisionId, armAssigned: 'challenger', shadow: true, status });
    for (const id of ['a', 'b', 'c']) first(id);
    copy('a', 'answered');
    copy('b', 'failed');
    copy('c', 'answered');
    expect(shadow.report()).toMatchObject({ pairs: 1, failed: 1, different: { count: 0 } });
  });

  test('a margin that is none is refused', () => {
    expect(() => createShadowComparison({ margin: 0 })).toThrow(/margin/);
  });
});

describe('what a shadow report is held against', () => {
  const decision = { unit: 'u', epoch: 1, share: 1, sticky: true, status: 'answered', time: 0, latencyMs: 1 } as const;

  /** Both copies of `count` requests; the champion differs from itself with 0.1, the challenger with `rate`. */
  function copies(count: number, rate: number) {
    const random = seededRandom(9);
    const shadow = createShadowComparison({ noiseArm: 'again' });
    const tell = (decisionId: string, armAssigned: string, shadowed: boolean, output: number) =>
      shadow.decided({ ...decision, decisionId, armAssigned, shadow: shadowed, output });
    for (let i = 0; i < count; i++) {
      tell(`d${i}`, 'champion', false, 0);
      // Either copy may be answered first.
      const both = [
        ['again', random.next() < 0.1],
        ['challenger', random.next() < rate],
      ] as const;
      for (const [arm, other] of i % 2 === 0 ? both : both.toReversed()) tell(`d${i}`, arm, true, Number(other));
    }
    return shadow.report();
  }

  test('differences that the champion has from itself are noise', () => {
    const { noise, different } = copies(3_000, 0.1);
    expect(noise!.pairs).toBe(3_000);
    expect(different.count).toBeGreaterThan(200);
    expect(noise!.logE).toBeLessThan(Math.log(20));
    expect(copies(3_000, 0.16).noise!.logE).toBeGreaterThan(Math.log(20));
  });

  test('a copy that failed says nothing, and without the second arm nothing is said', () => {
    const shadow = createShadowComparison({ noiseArm: 'again' });
    const one = { ...decision, decisionId: 'a', output: 0 };
    shadow.decided({ ...one, armAssigned: 'champion', shadow: false });
    shadow.decided({ ...one, armAssigned: 'again', shadow: true, status: 'failed' });
    shadow.decided({ ...one, armAssigned: 'challenger', shadow: true });
    expect(shadow.report()).toMatchObject({ pairs: 1, noise: { pairs: 0, count: 0 } });
    expect('noise' in createShadowComparison().report()).toBe(false);
  });

  test('requests that were left alone show what copying costs', () => {
    const random = seededRandom(4);
    const policy = compilePolicy({
      ...championPolicy({ salt: 's', epoch: 1 }),
      shadows: [{ arm: 'challenger', share: 0.8 }],
    });
    const measured = (slower: number) => {
      const shadow = createShadowComparison({ policy: () => policy });
      for (let i = 0; i < 20_000; i++) {
        const unit = `u${i}`;
        const factor = shadowPoint(policy, unit) < 0.8 ? slower : 1;
        const latencyMs = -10 * factor * Math.log(1 - random.next());
        shadow.decided({
          ...decision,
          decisionId: unit,
          unit,
          armAssigned: 'champion',
          shadow: false,
          output: 0,
          latencyMs,
        });
      }
      return shadow.report().overhead!;
    };
    const free = measured(1);
    expect(free.answers[0] / 20_000).toBeCloseTo(0.2, 1);
    expect(free.logE).toBeLessThan(Math.log(20));
    const dear = measured(1.5);
    expect(dear.logE).toBeGreaterThan(Math.log(20));
    expect(dear.p99[1] / dear.p99[0]).toBeGreaterThan(1.3);
  });
});
