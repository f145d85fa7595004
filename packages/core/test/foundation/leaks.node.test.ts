import { getEventListeners } from 'node:events';
import { abortable, boundedQueue, eventHub, sleep } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { bytesKept } from '../../../../test/support/memory.js';

/** Each call has a kilobyte or more to forget. Measured: below 25 bytes per call, and 1,079 of a kilobyte that is kept. */
const NOISE = 300;
const payload = () => new Array<number>(128).fill(1.5);

describe('a signal that lives as long as the process', () => {
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, 'abort').length;

  test('keeps nothing of work that ended, either way', async () => {
    const work = async (i: number) => {
      if (i % 2 === 0) await abortable(Promise.resolve(payload()), signal);
      else await abortable(Promise.reject(payload()), signal).catch(() => undefined);
    };
    expect(await bytesKept(work, 2_000)).toBeLessThan(NOISE);
    expect(listeners()).toBe(0);
  });

  test('keeps nothing of a sleep that ended', async () => {
    const clock = virtualClock(0);
    const work = async () => {
      const slept = sleep(clock, 10, signal);
      await clock.advance(10);
      await slept;
    };
    expect(await bytesKept(work, 1_000)).toBeLessThan(NOISE);
    expect([listeners(), clock.scheduled]).toEqual([0, 0]);
  });
});

test('a queue keeps nothing of what it ran or refused', async () => {
  const queue = boundedQueue({ maxWaiting: 2 });
  const work = async () => {
    const adding = Array.from({ length: 5 }, () => queue.add(payload));
    await Promise.allSettled(adding);
    queue.offer(() => void payload());
    await queue.idle();
  };
  expect(await bytesKept(work, 1_000)).toBeLessThan(NOISE);
});

test('a hub keeps nothing of listeners that left', async () => {
  const hub = eventHub<{ said: number[] }>();
  const work = () => {
    const held = payload();
    const off = hub.on('said', () => held);
    hub.once('said', () => held);
    hub.emit('said', held);
    off();
  };
  expect(await bytesKept(work, 2_000)).toBeLessThan(NOISE);
});
