import { hashBits } from './murmur3.js';
import type { CompiledPolicy, Policy, Route } from './policy.js';
import { BUCKETS, championPolicy, compilePolicy } from './policy.js';

/**
 * Where a unit goes under a policy: pure, no I/O, no allocation, about 0.1 µs. Without a unit the request id decides
 * (`sticky: false`), without either the champion answers; nothing that is missing is ever hashed. `now` (milliseconds
 * since 1970) lets an expired policy fall back to the champion.
 */
export function route(policy: CompiledPolicy, unit: string | undefined, requestId?: string, now = 0): Route {
  if (policy.killed || now > policy.validUntil) return policy.fallback;
  if (typeof unit === 'string' && unit !== '') return policy.sticky[rangeOf(policy, unit)]!;
  if (typeof requestId === 'string' && requestId !== '') return policy.unsticky[rangeOf(policy, requestId)]!;
  return policy.fallback;
}

/** The unit's bucket in [0, 2^32): murmur3_x86_32 of `salt:unit` in UTF-8, the unit in normal form C. */
export function bucketOf(policy: CompiledPolicy, unit: string): number {
  return hashBits(policy.prefix, unit, true) >>> 0;
}

/**
 * Where a unit lies in [0, 1) for shadows, by a hash that is independent of the route: an arm gets a copy when its share is
 * above. 1 (no copies) once killed.
 */
export function shadowPoint(policy: CompiledPolicy, unit: string): number {
  return policy.killed ? 1 : (hashBits(policy.shadowPrefix, unit, true) >>> 0) / BUCKETS;
}

/** Turns the order of unsigned numbers into that of signed ones. */
const SIGN = 1 << 31;

/** The range that holds the unit's bucket. All numbers are signed 32-bit, so that none is boxed. */
function rangeOf({ prefix, ends }: CompiledPolicy, unit: string): number {
  const bucket = hashBits(prefix, unit, true) ^ SIGN;
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bucket < ends[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The policy in force in one process. Swapping is one assignment; requests under way keep the route they were given. */
export interface Router {
  readonly policy: CompiledPolicy;
  /** Takes the policy unless it is older than the one in force, or would lift a kill. True when it is in force now. */
  apply(policy: Policy): boolean;
  /** Champion only, at once and without asking anybody, until a policy with another salt comes. */
  kill(): void;
  route(unit: string | undefined, requestId?: string, now?: number): Route;
}

/** A router with the given policy, or with one that sends everything to `champion`. */
export function createRouter(initial: Policy = championPolicy({ salt: 'none' })): Router {
  let current = compilePolicy(initial);
  return {
    get policy() {
      return current;
    },
    apply(policy) {
      const same = policy.salt === current.salt;
      if (same && policy.epoch < current.epoch) return false;
      current = compilePolicy(same && current.killed ? { ...policy, killed: true } : policy);
      return true;
    },
    kill() {
      current = compilePolicy({ ...current.policy, killed: true });
    },
    route: (unit, requestId, now) => route(current, unit, requestId, now),
  };
}
