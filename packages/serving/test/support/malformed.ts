import type { Random } from '@millwright/core';

/** Values that no caller should pass, and that some will. */
export function malformedValue(random: Random, depth = 0): unknown {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]!;
  if (depth < 3 && random.next() < 0.4) return malformedObject(random, depth);
  return pick<() => unknown>([
    () => undefined,
    () => null,
    () => Number.NaN,
    () => Number.POSITIVE_INFINITY,
    () => -0,
    () => 2 ** 53 + 2,
    () => 1e308 * random.next(),
    () => random.next(),
    () => 10n ** 30n,
    () => -1n,
    () => true,
    () => '',
    () => '1',
    () => '\ud800',
    () => '__proto__',
    () => 'x'.repeat(Math.floor(10_000 * random.next())),
    () => Symbol('s'),
    () => () => 1,
    () => new Date(Number.NaN),
    () => new Map([[1, 2]]),
    () => new Float32Array(Math.floor(8 * random.next())),
    () => new BigInt64Array(3),
    () => new Uint8ClampedArray(3),
    () => new Float32Array(new SharedArrayBuffer(12)),
    () => new ArrayBuffer(8),
    () => Object.create(null),
    () => new Error('an error'),
    () => Promise.reject(new Error('a promise')).catch(() => undefined),
    () => new Proxy({}, { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail, getPrototypeOf: fail }),
    () =>
      new (class Row {
        x = 1;
      })(),
  ])();
}

function malformedObject(random: Random, depth: number): unknown {
  const keys = ['x', 'y', '__proto__', 'constructor', 'toString', 'length', 'then', '', '0', 'miles', 'origin'];
  const count = Math.floor(4 * random.next());
  if (random.next() < 0.3) return Array.from({ length: count }, () => malformedValue(random, depth + 1));
  const made: Record<string, unknown> = random.next() < 0.5 ? {} : Object.create(null);
  for (let i = 0; i < count; i++) {
    const key = keys[Math.floor(random.next() * keys.length)]!;
    const value = malformedValue(random, depth + 1);
    if (random.next() < 0.1) Object.defineProperty(made, key, { enumerable: true, configurable: true, get: fail });
    else Object.defineProperty(made, key, { enumerable: true, configurable: true, writable: true, value });
  }
  if (random.next() < 0.1) Object.defineProperty(made, 'self', { enumerable: true, configurable: true, value: made });
  return made;
}

function fail(): never {
  throw new TypeError('a getter that throws');
}

/** A body with some bytes changed, cut, repeated or added. */
export function mutatedBytes(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const at = Math.floor(random.next() * bytes.length);
  const kind = random.next();
  if (kind < 0.2) return bytes.slice(0, at);
  if (kind < 0.3) return Uint8Array.from([...bytes, ...bytes.slice(at)]);
  const made = bytes.slice();
  for (let flips = 1 + Math.floor(4 * random.next()); flips > 0; flips--) {
    const place = Math.floor(random.next() * made.length);
    made[place] =
      random.next() < 0.5 ? 256 * random.next() : INTERESTING[Math.floor(random.next() * INTERESTING.length)]!;
  }
  return made;
}

/** Bytes that mean something in JSON. */
const INTERESTING = [...'{}[]",:-0919eE.\\utfn '].map((sign) => sign.charCodeAt(0));
