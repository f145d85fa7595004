import { expect, test } from 'vitest';
import { bucketOf, championPolicy, compilePolicy, murmur3, ramp, route } from '../../src/routing/index.js';
import bucketing from '../vectors/bucketing.json' with { type: 'json' };
import monotone from '../vectors/monotone-ramp.json' with { type: 'json' };
import { FINGERPRINT, routingFingerprint } from './same-bits.js';

test('20,000 units of every script take the same arms through six epochs as on Node', () => {
  expect(routingFingerprint()).toBe(FINGERPRINT);
});

test('a page routes by the same bits as a server', () => {
  for (const { input, seed, hash } of bucketing.murmur3_x86_32_utf8) expect(murmur3(input, seed), input).toBe(hash);
  for (const { salt, first_200_units } of monotone.ramps) {
    const policy = compilePolicy(ramp(championPolicy({ salt }), { challenger: 0.25 }));
    for (const { unit, u, first_weight_in_canary } of first_200_units) {
      expect(bucketOf(policy, unit)).toBe(u);
      expect(route(policy, unit).arm === 'challenger').toBe(first_weight_in_canary <= 25);
    }
  }
});
