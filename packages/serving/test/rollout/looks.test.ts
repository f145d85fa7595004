import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { looks, type WakeUp } from '../../src/rollout/looks.js';

/** Wake-ups by hand; `opened` counts how often somebody began to listen. */
function bell() {
  let ring: (result: { failure?: unknown }) => void = () => undefined;
  const state = { opened: 0, closed: 0 };
  const wake: WakeUp = async function* ({ signal }) {
    state.opened++;
    const aborted = new Promise<undefined>((resolve) => signal?.addEventListener('abort', () => resolve(undefined)));
    try {
      for (;;) {
        const rung = new Promise<{ failure?: unknown }>((resolve) => {
          ring = resolve;
        });
        const heard = await Promise.race([rung, aborted]);
        if (heard === undefined) return;
        if (heard.failure !== undefined) throw heard.failure;
        yield;
      }
    } finally {
      state.closed++;
    }
  };
  return { wake, state, ring: () => ring({}), fail: (failure: unknown) => ring({ failure }) };
}

/** Looks that last until they are let go. */
function slowLook() {
  let begun = 0;
  let running = 0;
  let letGo: () => void = () => undefined;
  return {
    look: async () => {
      begun++;
      expect(++running).toBe(1);
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      running--;
      return begun;
    },
    letGo: () => letGo(),
    get begun() {
      return begun;
    },
  };
}

describe('when a rollout looks', () => {
  test('a wake-up starts a look at once; many during a look are one after it', async () => {
    const clock = virtualClock();
    const { wake, ring } = bell();
    const slow = slowLook();
    const { start } = looks(slow.look, { clock, tickMs: 60_000, wake, failed: () => undefined });
    start();
    await clock.advance(0);
    ring();
    await clock.advance(0);
    expect(slow.begun).toBe(1);
    for (let i = 0; i < 5; i++) {
      ring();
      await clock.advance(0);
    }
    expect(slow.begun).toBe(1);
    slow.letGo();
    await clock.advance(0);
    expect(slow.begun).toBe(2);
    slow.letGo();
    await clock.advance(1_000);
    expect(slow.begun).toBe(2);
  });

  test('wake-ups that fail are reported and begin again after a while; meanwhile there is the clock', async () => {
    const clock = virtualClock();
    const { wake, ring, fail, state } = bell();
    const failures: unknown[] = [];
    let count = 0;
    const look = async () => ++count;
    const { start, stop } = looks(look, { clock, tickMs: 1_000, wake, failed: (error) => failures.push(error) });
    start();
    await clock.advance(0);
    fail('lost');
    await clock.advance(0);
    expect([failures, state]).toEqual([['lost'], { opened: 1, closed: 1 }]);
    await clock.advance(2_500);
    expect([count, state.opened]).toEqual([2, 2]);
    ring();
    await clock.advance(0);
    expect(count).toBe(3);
    await stop();
    expect(state).toEqual({ opened: 2, closed: 2 });
    await clock.advance(10_000);
    expect([count, clock.scheduled]).toEqual([3, 0]);
  });

  test('without a clock and wake-ups it looks only when asked, one look after the other', async () => {
    const clock = virtualClock();
    const slow = slowLook();
    const { tick, start } = looks(slow.look, { clock, failed: () => undefined });
    start();
    await clock.advance(100_000);
    expect(slow.begun).toBe(0);
    const both = [tick(), tick()];
    await clock.advance(0);
    expect(slow.begun).toBe(1);
    slow.letGo();
    await clock.advance(0);
    slow.letGo();
    expect(await Promise.all(both)).toEqual([1, 2]);
  });
});
