import { virtualClock } from '@millwright/core/testing';
import { degradeLadder, type Rung } from '@millwright/serving';
import { describe, expect, test } from 'vitest';

const rungs: Rung<number, string>[] = [
  { name: 'no shadows', shadows: false },
  { name: 'small', arm: 'small' },
  { name: 'default', answer: () => 'later' },
];

function ladderOf(options = {}) {
  const clock = virtualClock();
  const changes: string[] = [];
  const ladder = degradeLadder<number, string>({
    rungs,
    clock,
    minRequests: 10,
    onChange: (level, rung) => changes.push(`${level} ${rung?.name ?? 'full'}`),
    ...options,
  });
  /** A second of twenty requests, of which `bad` were not answered in time. */
  const second = async (bad: number, latencyMs = 1) => {
    for (let i = 0; i < 20; i++) ladder.ended(i >= bad, latencyMs);
    await clock.advance(1_000);
    ladder.rung();
  };
  return { ladder, clock, second, changes };
}

describe('a degrade ladder', () => {
  test('steps down one rung per bad window, at once', async () => {
    const { second, ladder, changes } = ladderOf();
    await second(1);
    expect(ladder.level).toBe(0);
    for (let i = 0; i < 5; i++) await second(2);
    expect(changes).toEqual(['1 no shadows', '2 small', '3 default']);
    expect(ladder.rung()).toBe(rungs[2]);
  });

  test('steps up only after a long quiet time, and one rung at a time', async () => {
    const { second, ladder, changes } = ladderOf();
    await second(5);
    await second(5);
    for (let i = 0; i < 29; i++) await second(0);
    expect(ladder.level).toBe(2);
    await second(0);
    expect(ladder.level).toBe(1);
    for (let i = 0; i < 29; i++) await second(0);
    expect(ladder.level).toBe(1);
    await second(0);
    expect(changes).toEqual(['1 no shadows', '2 small', '1 no shadows', '0 full']);
  });

  test('does not swing between two rungs: after a step up fails, the quiet time begins anew', async () => {
    const { second, changes } = ladderOf();
    // Full service misses the target, one rung down keeps it.
    for (let i = 0; i < 100; i++) await second(changes.length % 2 === 0 ? 5 : 0);
    expect(changes.length).toBeLessThanOrEqual(8);
  });

  test('few requests say nothing, and a lull counts as quiet', async () => {
    const { ladder, clock } = ladderOf();
    for (let i = 0; i < 9; i++) ladder.ended(false, 1);
    await clock.advance(1_000);
    ladder.ended(true, 1);
    expect(ladder.level).toBe(0);
    for (let i = 0; i < 10; i++) ladder.ended(false, 1);
    await clock.advance(1_000);
    expect(ladder.rung()).toBe(rungs[0]);
    await clock.advance(30_000);
    expect(ladder.rung()).toBeUndefined();
  });

  test('slow answers count as late where that is asked for', async () => {
    const { second, ladder } = ladderOf({ slowMs: 50 });
    await second(0, 50);
    expect(ladder.level).toBe(0);
    await second(0, 51);
    expect(ladder.level).toBe(1);
  });

  test('without rungs there is no ladder', () => {
    expect(() => degradeLadder({ rungs: [] })).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});
