import { isMillwrightError } from '@millwright/core';
import fc from 'fast-check';
import { expect } from 'vitest';

/** key_from … key_(to − 1): the stream of the vectors. */
export function* keys(from: number, to: number): Generator<string> {
  for (let i = from; i < to; i++) yield `key_${i}`;
}

/** The range in `utf8 key_0..key_49`, the end exclusive. */
export function keysOf(input: string): [from: number, to: number] {
  const [from, last] = Array.from(input.matchAll(/key_(\d+)/g), ([, number]) => Number(number));
  return [from!, last! + 1];
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** FNV-1a with the basis that the vectors were written with. */
export function fnv1a64(bytes: Uint8Array): string {
  let hash = 1_469_598_103_934_665_603n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return String(hash);
}

/** Overwrites and cuts images at random: reading either answers or throws `sketch/corrupt`, nothing else. */
export function settlesOrIsCorrupt(images: readonly Uint8Array[], read: (bytes: Uint8Array) => void): void {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...images),
      fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }),
      fc.option(fc.nat(200)),
      (image, writes, length) => {
        const bytes = image.slice(0, length ?? image.length);
        for (const [at, value] of writes) if (at < bytes.length) bytes[at] = value;
        try {
          read(bytes);
        } catch (error) {
          refused++;
          expect(isMillwrightError(error, 'sketch/corrupt')).toBe(true);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(50);
}
