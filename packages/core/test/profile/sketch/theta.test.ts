import {
  decodeTheta,
  intersectTheta,
  subtractTheta,
  type ThetaSet,
  thetaSketch,
  uniteTheta,
} from '@millwright/core/sketch';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../vectors/sketches.json' with { type: 'json' };
import { hex, keys, keysOf, settlesOrIsCorrupt } from './support.js';

function counted(from: number, to: number, lgK = 12): ThetaSet {
  const sketch = thetaSketch({ lgK });
  sketch.updateAll(keys(from, to));
  return sketch.set();
}

const bytesOf = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe('theta', () => {
  test('vectors: estimates, bounds and bytes of fixed builds, plain and compressed', () => {
    for (const build of vectors.theta) {
      const set = counted(...keysOf(build.input), build.lg_k);
      expect([set.retained, set.estimate()]).toEqual([build.retained, build.estimate]);
      const { high, low } = set.state.theta;
      expect(String((BigInt(high) << 32n) | BigInt(low))).toBe(build.theta64);
      expect(set.encode().length).toBe(build.bytes);
      expect(set.encode({ compressed: true }).length).toBe(build.compressed_bytes);
      if (build.hex !== undefined) expect(hex(set.encode())).toBe(build.hex);
      if (build.compressed_hex !== undefined) {
        expect(hex(set.encode({ compressed: true }))).toBe(build.compressed_hex);
        expect(hex(decodeTheta(bytesOf(build.compressed_hex)).encode())).toBe(build.hex);
      }
      // Exact tails where the reference approximates them: up to 120 hashes within 1 %, above that equal.
      const tolerance = build.retained > 120 ? 1e-12 : 0.01;
      const { lower, upper } = set.bounds(2);
      expect(Math.abs(lower / build.lb2 - 1)).toBeLessThan(tolerance);
      expect(Math.abs(upper / build.ub2 - 1)).toBeLessThan(tolerance);
    }
  });

  test('vectors: union, intersection, difference', () => {
    const [expected] = vectors.set_ops;
    const [a, b] = [counted(0, 20_000), counted(10_000, 40_000)];
    expect([a.estimate(), b.estimate()]).toEqual([expected!.a, expected!.b]);
    expect(uniteTheta([a, b]).estimate()).toBe(expected!.union);
    expect(intersectTheta(a, b).estimate()).toBe(expected!.intersection);
    expect(subtractTheta(a, b).estimate()).toBe(expected!.a_not_b);
  });

  test('few items are exact; nothing is empty', () => {
    const [a, b, none] = [counted(0, 10), counted(5, 15), counted(0, 0)];
    expect([none.empty, none.estimate(), none.bounds().upper]).toEqual([true, 0, 0]);
    expect([uniteTheta([a, b, none]).estimate(), intersectTheta(a, b).estimate()]).toEqual([15, 5]);
    expect(subtractTheta(a, b).estimate()).toBe(5);
    expect(subtractTheta(a, none).encode()).toEqual(a.encode());
    for (const set of [none, intersectTheta(a, none), subtractTheta(a, a), uniteTheta([])]) {
      expect(hex(set.encode())).toBe('01030300001ecc93');
      expect(decodeTheta(set.encode()).empty).toBe(true);
    }
    expect(() => thetaSketch({ lgK: 4 })).toThrow('`lgK`');
    const other = decodeTheta(a.encode().with(6, 0));
    expect(() => uniteTheta([a, other])).toThrow('one hash seed');
  });

  test('a union is the same bytes in any order and grouping', () => {
    const part = fc.tuple(fc.nat(2_000), fc.nat(900)).map(([from, length]) => counted(from, from + length, 6));
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const unite = (...sets: ThetaSet[]) => uniteTheta(sets, { lgK: 6 });
        const all = unite(a, b, c).encode();
        expect(unite(unite(a, b), c).encode()).toEqual(all);
        expect(unite(c, unite(b, a)).encode()).toEqual(all);
        expect(unite(unite(a, b, c), b).encode()).toEqual(all);
        expect(intersectTheta(a, b).encode()).toEqual(intersectTheta(b, a).encode());
        expect(intersectTheta(a, b).retained + subtractTheta(a, b).retained).toBeLessThanOrEqual(a.retained);
      }),
      { numRuns: 60 },
    );
  });

  test('bytes are read back; a hash sample compresses without loss', () => {
    fc.assert(
      fc.property(fc.nat(4_000), fc.integer({ min: 5, max: 11 }), (n, lgK) => {
        const set = counted(0, n, lgK);
        expect(decodeTheta(set.encode()).encode()).toEqual(set.encode());
        expect(decodeTheta(set.encode({ compressed: true })).encode()).toEqual(set.encode());
      }),
      { numRuns: 40 },
    );
    const unordered = counted(0, 100).encode();
    unordered[5] = unordered[5]! & ~16;
    const first = unordered.slice(16, 24);
    unordered.copyWithin(16, 24, 32);
    unordered.set(first, 24);
    expect(decodeTheta(unordered).encode()).toEqual(counted(0, 100).encode());
  });

  test('damaged bytes are refused with a typed error', () => {
    const set = counted(0, 3_000, 8);
    settlesOrIsCorrupt(
      [set.encode(), set.encode({ compressed: true }), counted(0, 20).encode(), counted(0, 1).encode()],
      (bytes) => decodeTheta(bytes).estimate(),
    );
    const lying = set.encode();
    lying.set([255, 255, 255, 255], 8);
    expect(() => decodeTheta(lying)).toThrow('bytes early');
  });
});
