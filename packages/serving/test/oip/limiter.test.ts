import { seededRandom } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { expect, test } from 'vitest';
import { limiter } from '../../src/oip/limiter.js';

/** Keeps `offered` calls going for `seconds` against a server of `capacity` places, each of which takes 10 ms per call. */
async function against(capacity: number, seconds: number, { offered = 200 } = {}) {
  const clock = virtualClock();
  const random = seededRandom(7);
  const limit = limiter({ clock, max: 500, maxWaiting: 1_000 });
  const queue: (() => void)[] = [];
  let busy = 0;
  let done = 0;
  const serve = (): void => {
    while (busy < capacity && queue.length > 0) {
      busy++;
      const finish = queue.shift()!;
      clock.schedule(9 + 2 * random.next(), () => {
        busy--;
        done++;
        finish();
        serve();
      });
    }
  };
  let stopped = false;
  const caller = async () => {
    while (!stopped) {
      const give = await limit.acquire();
      await new Promise<void>((resolve) => {
        queue.push(resolve);
        serve();
      });
      give('answered');
    }
  };
  const callers = Array.from({ length: offered }, caller);
  await clock.advance(1_000 * seconds);
  stopped = true;
  const ended = done;
  await clock.advance(60_000);
  await Promise.all(callers);
  return { limit: limit.limit, perSecond: ended / seconds, inFlight: limit.inFlight };
}

test.each([4, 32])('finds the %i places that a server has, and uses them', async (capacity) => {
  const { limit, perSecond, inFlight } = await against(capacity, 20);
  expect(perSecond).toBeGreaterThan(0.9 * capacity * 100);
  // Some more than that wait there: that is how it is seen that there are no more.
  expect(limit).toBeGreaterThanOrEqual(capacity);
  expect(limit).toBeLessThan(8 * capacity + 16);
  expect(inFlight).toBe(0);
});

test('does not grow while it is not used', async () => {
  expect((await against(100, 20, { offered: 2 })).limit).toBe(8);
});

test('what was turned away takes a tenth, down to one call', async () => {
  const limit = limiter({ clock: virtualClock(), initial: 20 });
  (await limit.acquire())('overloaded');
  expect(limit.limit).toBe(18);
  for (let i = 0; i < 100; i++) (await limit.acquire())('overloaded');
  expect(limit.limit).toBe(1);
});

test('more than may wait are refused, and those who wait get their turn in order', async () => {
  const limit = limiter({ clock: virtualClock(), initial: 1, maxWaiting: 2 });
  const first = await limit.acquire();
  const order: number[] = [];
  const waiting = [1, 2].map(async (n) => {
    const give = await limit.acquire();
    order.push(n);
    give('other');
  });
  await expect(limit.acquire()).rejects.toMatchObject({ code: 'serving/overloaded' });
  expect(limit.tryAcquire()).toBeUndefined();
  first('other');
  first('other');
  await Promise.all(waiting);
  expect([order, limit.inFlight]).toEqual([[1, 2], 0]);
});
