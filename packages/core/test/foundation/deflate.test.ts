import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deflate, inflate } from '../../src/foundation/deflate.js';

test('what was deflated inflates to the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
      expect(await inflate(await deflate(Uint8Array.from(bytes)), 2_000)).toEqual(Uint8Array.from(bytes));
    }),
    { numRuns: 50 },
  );
});

test('a bomb, cut and foreign bytes are undefined', async () => {
  const bomb = await deflate(new Uint8Array(10_000_000));
  expect(bomb.length).toBeLessThan(20_000);
  expect(await inflate(bomb, 100_000)).toBeUndefined();
  expect(await inflate(bomb.subarray(0, 100), 20_000_000)).toBeUndefined();
  expect(await inflate(Uint8Array.of(255, 255, 255, 0), 100)).toBeUndefined();
});
