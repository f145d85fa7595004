import { sameBytes } from '../foundation/bytes.js';
import { describe, isMillwrightError, MillwrightError } from '../foundation/errors.js';

/** One test of a conformance suite, for any runner: `test.skipIf(c.skip)(c.name, c.run)`. */
export interface Case {
  readonly name: string;
  /** Why it cannot be run against this store. */
  readonly skip?: string | undefined;
  /** @throws `storage/nonconforming` when the store does not keep its contract */
  readonly run: () => Promise<void>;
}

/** A test before it is bound to a store. */
export interface CaseOf<Bench> {
  readonly name: string;
  /** Runs only where `make(place)` opens the same place again. */
  readonly needs?: 'reopen' | 'bulk' | undefined;
  readonly run: (bench: Bench) => Promise<void>;
}

/** Fails the case unless the condition holds. */
export function holds(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new NonConforming(reason);
}

/** Fails the case unless both are the same value, byte arrays by content. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  holds(same(actual, expected), `${what}: expected ${show(expected)}, got ${show(actual)}`);
}

/** Fails the case unless the work is refused, with this code if one is given. The error, to look at. */
export async function refused(work: Promise<unknown>, what: string, code?: string): Promise<unknown> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown ?? 'nothing',
  );
  holds(error !== undefined, `${what} was accepted`);
  const actual = isMillwrightError(error) ? error.code : describe(error);
  if (code !== undefined) holds(actual === code, `${what}: expected a refusal with ${code}, got ${actual}`);
  return error;
}

/** Lets everything else go on, timers and I/O too: a loop that watches a store in memory would starve it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The error of a failed case, under the case's name. Errors of the store itself are kept as the cause. */
export function nonconforming(name: string, error: unknown): MillwrightError<'storage/nonconforming'> {
  const reason = error instanceof Error ? error.message : String(error);
  return new MillwrightError('storage/nonconforming', `${name}: ${reason}`, {
    details: { case: name, reason },
    ...(error instanceof NonConforming ? {} : { cause: error }),
  });
}

/** Carries a reason to `nonconforming`, which knows the case's name. */
class NonConforming {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
  toString(): string {
    return this.message;
  }
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameBytes(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && same(value, right.get(key)));
}

function show(value: unknown): string {
  if (value instanceof Uint8Array)
    return `${value.byteLength} bytes [${value.subarray(0, 16)}${value.length > 16 ? ',…' : ''}]`;
  const text = JSON.stringify(value, (_, item: unknown) => (item instanceof Uint8Array ? show(item) : item));
  return text === undefined ? String(value) : text.slice(0, 400);
}
