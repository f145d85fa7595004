import { seededRandom } from '@millwright/core';
import { bucketOf, championPolicy, compilePolicy, ramp, route } from '../../src/routing/index.js';

/** Arms and buckets of 20,000 units under six epochs of three arms, as one number: equal bits, equal number. */
export function routingFingerprint(): number {
  const random = seededRandom(7);
  const letters = ['a', '7', '-', ' ', 'ü', '漢', '🙂', 'u\u0308', '\ud800', '\0'];
  const units = Array.from({ length: 20_000 }, () =>
    Array.from(
      { length: 1 + Math.floor(random.next() * 30) },
      () => letters[Math.floor(random.next() ** 3 * 10)]!,
    ).join(''),
  );
  let sum = 0;
  let policy = championPolicy({ salt: 'fingerprint-ß' });
  for (const [a, b, c] of [
    [0.01, 0, 0],
    [0.05, 0.3, 0],
    [0.25, 0.1, 0.2],
    [0.5, 0.2, 0.3],
    [1e-9, 0.7, 0.1],
    [1 / 3, 1 / 3, 0],
  ] as const) {
    policy = ramp(policy, { a, b, c });
    const compiled = compilePolicy(policy);
    for (const unit of units) {
      const arm = route(compiled, unit).arm;
      sum = (Math.imul(sum, 31) + (bucketOf(compiled, unit) ^ arm.charCodeAt(0))) | 0;
    }
  }
  return sum >>> 0;
}

/** What it is on Node 20 and in Chromium. */
export const FINGERPRINT = 2_291_770_640;
