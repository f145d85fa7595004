import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BUCKETS,
  bucketOf,
  championPolicy,
  compilePolicy,
  createRouter,
  hashFrom,
  hashPrefix,
  murmur3,
  type Policy,
  ramp,
  route,
  sharesOf,
} from '../../src/routing/index.js';
import bucketing from '../vectors/bucketing.json' with { type: 'json' };
import monotone from '../vectors/monotone-ramp.json' with { type: 'json' };
import { FINGERPRINT, routingFingerprint } from './same-bits.js';

describe('murmur3', () => {
  test('equals the reference hash of UTF-8 bytes', () => {
    for (const { input, seed, hash } of bucketing.murmur3_x86_32_utf8) expect(murmur3(input, seed), input).toBe(hash);
  });

  test('a prefix that is hashed once gives the hash of the whole text', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, text, (prefix, rest) => {
        fc.pre(prefix.isWellFormed() && rest.isWellFormed());
        expect(hashFrom(hashPrefix(prefix), rest)).toBe(murmur3(prefix + rest));
      }),
      { numRuns: 60 },
    );
  });

  test('long texts outside ASCII are hashed whole', () => {
    const text = 'ü'.repeat(2_000);
    expect(hashFrom(hashPrefix(text), text)).toBe(murmur3(text + text));
  });
});

describe('route', () => {
  for (const { salt, units, count_in_canary_by_weight_percent: counts, first_200_units } of monotone.ramps) {
    test(`a ramp of two arms is nested and exact (${salt})`, () => {
      const seen: Record<string, number> = {};
      let policy = championPolicy({ salt });
      for (const percent of Object.keys(counts).map(Number)) {
        policy = ramp(policy, { challenger: percent / 100 });
        const compiled = compilePolicy(policy);
        seen[percent] = 0;
        for (let i = 0; i < units; i++) if (route(compiled, `unit-${i}`).arm === 'challenger') seen[percent]++;
        for (const { unit, u, first_weight_in_canary } of first_200_units) {
          expect(bucketOf(compiled, unit)).toBe(u);
          expect(route(compiled, unit).arm === 'challenger', unit).toBe(percent >= first_weight_in_canary);
        }
      }
      expect(seen).toEqual(counts);
    });
  }

  test('20,000 units of every script take the same arms through six epochs as in a page', () => {
    expect(routingFingerprint()).toBe(FINGERPRINT);
  });

  test('a unit that is missing is routed by request and marked, never hashed', () => {
    const policy = compilePolicy(ramp(championPolicy({ salt: 's' }), { challenger: 0.5 }));
    expect(route(policy, undefined)).toEqual({ arm: 'champion', epoch: 1, share: 0.5, sticky: false });
    expect(route(policy, '')).toBe(route(policy, undefined));
    const arms = Array.from({ length: 200 }, (_, i) => route(policy, undefined, `request-${i}`));
    expect(new Set(arms.map(({ arm }) => arm))).toEqual(new Set(['champion', 'challenger']));
    expect(arms.every(({ sticky }) => !sticky)).toBe(true);
    expect(route(policy, 'request-7').arm).toBe(route(policy, undefined, 'request-7').arm);
    expect(route(policy, 'request-7').sticky).toBe(true);
  });

  test('equal texts in other Unicode forms are one unit', () => {
    const policy = compilePolicy(championPolicy({ salt: 's' }));
    expect(bucketOf(policy, 'Zu\u0308rich')).toBe(bucketOf(policy, 'Z\u00fcrich'));
  });

  test('a policy past its time, or killed, sends everything to the champion', () => {
    const policy = ramp(championPolicy({ salt: 's' }), { challenger: 1 }, { validUntil: 1_000 });
    expect(route(compilePolicy(policy), 'u', undefined, 1_000).arm).toBe('challenger');
    expect(route(compilePolicy(policy), 'u', undefined, 1_001).arm).toBe('champion');
    expect(route(compilePolicy({ ...policy, killed: true }), 'u').arm).toBe('champion');
  });

  test('ranges that leave a gap are refused', () => {
    const policy = championPolicy({ salt: 's' });
    const ranges = [{ start: 0, end: 10, arm: 'a', since: 0 }];
    expect(() => compilePolicy({ ...policy, ranges })).toThrow(/2\^32/);
    expect(() => compilePolicy({ ...policy, ranges: [{ start: 1, end: BUCKETS, arm: 'a', since: 0 }] })).toThrow();
    expect(() => ramp(policy, { a: 0.6, b: 0.5 })).toThrow(/sum to at most 1/);
    expect(() => ramp(policy, { a: Number.NaN })).toThrow(/fraction/);
  });
});

describe('ramp with many arms', () => {
  const steps = fc.array(fc.tuple(fc.nat(400), fc.nat(300), fc.nat(300)), { minLength: 1, maxLength: 8 });

  test('arms partition the buckets, move as little as possible, and never trade units while the champion has room', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let policy = championPolicy({ salt: 'many' });
        for (const [a, b, c] of history) {
          const targets: Record<string, number> = { a: a / 1000, b: b / 1000, c: c / 1000 };
          const next = ramp(policy, targets);
          compilePolicy(next);
          expect(next.epoch).toBe(policy.epoch + 1);
          const before = sharesOf(policy);
          for (const [arm, share] of Object.entries(targets)) {
            expect(bucketsOf(next, arm)).toBe(Math.floor(share * BUCKETS));
            const stayed = overlap(policy, next, arm, arm);
            expect(stayed).toBe(Math.min(bucketsOf(policy, arm), bucketsOf(next, arm)));
          }
          const room = (before.get('champion') ?? 0) * BUCKETS;
          const growth = ['a', 'b', 'c'].map((arm) => Math.max(0, bucketsOf(next, arm) - bucketsOf(policy, arm)));
          if (room >= growth[0]! + growth[1]! + growth[2]!)
            for (const [from, to] of [
              ['a', 'b'],
              ['b', 'a'],
              ['a', 'c'],
              ['c', 'a'],
              ['b', 'c'],
              ['c', 'b'],
            ] as const)
              expect(overlap(policy, next, from, to)).toBe(0);
          policy = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('what was got last is given back first', () => {
    const one = ramp(championPolicy({ salt: 's' }), { a: 0.1 });
    const two = ramp(one, { a: 0.1, b: 0.1 });
    const three = ramp(two, { a: 0.3, b: 0.1 });
    expect(ramp(three, { a: 0.1, b: 0.1 }).ranges.map(({ arm, start, end }) => [arm, start, end])).toEqual(
      two.ranges.map(({ arm, start, end }) => [arm, start, end]),
    );
  });

  const bucketsOf = (policy: Policy, arm: string) => overlap(policy, policy, arm, arm);
  function overlap(before: Policy, after: Policy, from: string, to: string): number {
    let sum = 0;
    for (const x of before.ranges)
      for (const y of after.ranges)
        if (x.arm === from && y.arm === to) sum += Math.max(0, Math.min(x.end, y.end) - Math.max(x.start, y.start));
    return sum;
  }
});

describe('router', () => {
  test('takes newer policies only, and a kill holds until a policy with another salt comes', () => {
    const router = createRouter();
    const policy = ramp(championPolicy({ salt: 's' }), { challenger: 1 });
    expect(router.apply(policy)).toBe(true);
    expect(router.route('u').arm).toBe('challenger');
    expect(router.apply(championPolicy({ salt: 's' }))).toBe(false);
    router.kill();
    expect(router.route('u').arm).toBe('champion');
    expect(router.apply(ramp(policy, { challenger: 1 }))).toBe(true);
    expect(router.route('u').arm).toBe('champion');
    router.apply(ramp(championPolicy({ salt: 'next' }), { challenger: 1 }));
    expect(router.route('u').arm).toBe('challenger');
  });
});
