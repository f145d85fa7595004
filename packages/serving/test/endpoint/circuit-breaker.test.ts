import { virtualClock } from '@millwright/core/testing';
import { circuitBreaker } from '@millwright/serving';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function breakerOf(options = {}) {
  const clock = virtualClock();
  const breaker = circuitBreaker({ clock, window: 10, threshold: 0.5, openMs: 1_000, trials: 2, ...options });
  const call = (how: 'succeeded' | 'failed' | 'ignored') => {
    const waitMs = breaker.ask();
    if (waitMs === 0) breaker.ended(how);
    return waitMs;
  };
  return { clock, breaker, call };
}

describe('a circuit breaker', () => {
  test('opens when more than the threshold of the last calls failed', () => {
    const { breaker, call } = breakerOf();
    for (let i = 0; i < 10; i++) call(i % 2 === 0 ? 'failed' : 'succeeded');
    expect(breaker.state).toBe('closed');
    // The oldest, a failure, leaves the window as this one comes; the next takes the place of a success.
    call('failed');
    expect(breaker.state).toBe('closed');
    call('failed');
    expect(breaker.state).toBe('open');
  });

  test('a few calls prove nothing, and what says nothing is not counted', () => {
    const { breaker, call } = breakerOf();
    for (let i = 0; i < 9; i++) call('failed');
    for (let i = 0; i < 50; i++) call('ignored');
    expect(breaker.state).toBe('closed');
    call('failed');
    expect(breaker.state).toBe('open');
  });

  test('an answer does not open it, even when it completes the window', () => {
    const { breaker, call } = breakerOf();
    for (let i = 0; i < 9; i++) call(i < 6 ? 'failed' : 'succeeded');
    call('succeeded');
    expect(breaker.state).toBe('closed');
  });

  test('says when to come back, tries one call at a time, and closes after enough of them', async () => {
    const { breaker, call, clock } = breakerOf();
    for (let i = 0; i < 10; i++) call('failed');
    expect(call('succeeded')).toBe(1_000);
    await clock.advance(400);
    expect(call('succeeded')).toBe(600);
    await clock.advance(600);
    expect(breaker.ask()).toBe(0);
    expect(breaker.state).toBe('halfOpen');
    expect(breaker.ask()).toBeGreaterThan(0);
    breaker.ended('succeeded');
    expect(breaker.state).toBe('halfOpen');
    expect(call('succeeded')).toBe(0);
    expect(breaker.state).toBe('closed');
    // It starts anew: nine failures are nine again.
    for (let i = 0; i < 9; i++) call('failed');
    expect(breaker.state).toBe('closed');
  });

  test('a failing trial opens it again, for twice as long, up to a minute', async () => {
    const { breaker, call, clock } = breakerOf();
    for (let i = 0; i < 10; i++) call('failed');
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      waits.push(breaker.ask());
      await clock.advance(waits.at(-1)!);
      expect(call('failed')).toBe(0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('calls from before it opened are not its trials', async () => {
    const { breaker, call, clock } = breakerOf();
    expect(breaker.ask()).toBe(0);
    for (let i = 0; i < 10; i++) call('failed');
    breaker.ended('succeeded');
    expect(breaker.state).toBe('open');
    await clock.advance(1_000);
    expect(breaker.ask()).toBe(0);
    breaker.ended('ignored');
    expect(breaker.state).toBe('halfOpen');
    expect(breaker.ask()).toBe(0);
  });

  test('never stays shut to something that works again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('succeeded', 'failed', 'ignored'), { maxLength: 60 }),
        async (history) => {
          const { breaker, call, clock } = breakerOf();
          for (const how of history) {
            call(how as 'failed');
            await clock.advance(100);
          }
          await clock.advance(60_000);
          for (let i = 0; i < 3; i++) call('succeeded');
          expect(breaker.state).toBe('closed');
        },
      ),
      { numRuns: 50 },
    );
  });
});
