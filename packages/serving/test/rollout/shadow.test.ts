import { seededRandom } from '@millwright/core';
import { describe, expect, test } from 'vitest';
import { createShadowComparison, type ServedDecision, type ShadowOptions } from '../../src/rollout/index.js';

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
