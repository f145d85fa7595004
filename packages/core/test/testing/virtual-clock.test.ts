import { sleep } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';

describe('virtualClock', () => {
  test('calls what falls due in order of time, then of scheduling', async () => {
    const clock = virtualClock(1_000);
    const calls: string[] = [];
    clock.schedule(20, () => calls.push(`b at ${clock.now()}`));
    clock.schedule(10, () => calls.push(`a at ${clock.now()}`));
    clock.schedule(20, () => calls.push(`c at ${clock.now()}`));
    clock.schedule(21, () => calls.push('late'));
    await clock.advance(20);
    expect(calls).toEqual(['a at 1010', 'b at 1020', 'c at 1020']);
    expect(clock.now()).toBe(1_020);
    expect(clock.scheduled).toBe(1);
  });

  test('lets promises settle between two calls, so that sleeps in a row work', async () => {
    const clock = virtualClock();
    const woke: number[] = [];
    const walk = (async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(clock, 10);
        woke.push(clock.now());
      }
    })();
    await clock.advance(30);
    await walk;
    expect(woke).toEqual([10, 20, 30]);
  });

  test('cancels, and sets wall time without moving monotonic time', async () => {
    const clock = virtualClock(100);
    let called = false;
    clock.schedule(5, () => {
      called = true;
    })();
    clock.set(50);
    expect(clock.now()).toBe(50);
    expect(clock.monotonic()).toBe(0);
    await clock.advance(5);
    expect(called).toBe(false);
    expect(clock.now()).toBe(55);
    await expect(clock.advance(-1)).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('a sleep ends early with the reason of its signal', async () => {
    const clock = virtualClock();
    const abort = new AbortController();
    const sleeping = sleep(clock, 10, abort.signal);
    abort.abort();
    await expect(sleeping).rejects.toBe(abort.signal.reason);
    expect(clock.scheduled).toBe(0);
  });
});
