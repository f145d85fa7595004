import { invalidInput } from '@millwright/core';
import { type HashPrefix, hashPrefix } from './murmur3.js';

/** Buckets are numbers in [0, 2^32): a share of 1 is all of them, and the finest share is one of them. */
export const BUCKETS = 2 ** 32;

/** What the arms are for. `champion`: one arm answers everything. */
export type PolicyMode = 'champion' | 'canary' | 'shadow' | 'blueGreen' | 'bandit';

/** Half-open buckets [start, end) that belong to one arm. */
export interface PolicyRange {
  readonly start: number;
  readonly end: number;
  readonly arm: string;
  /** The epoch in which the arm got it. What was got last is given back first. */
  readonly since: number;
}

/** Who answers whom, as plain data: it is written to the ledger and travels to replicas. Change it with `ramp` only. */
export interface Policy {
  /** Grows with every change. Everything that is observed carries the epoch it was served under. */
  readonly epoch: number;
  /** New for every rollout, so that not always the same units come first. */
  readonly salt: string;
  readonly mode: PolicyMode;
  /** The arm that answers when nothing else may: unit and request unknown, policy out of date, killed. */
  readonly champion: string;
  /** Sorted, without gaps or overlaps, from 0 to 2^32. */
  readonly ranges: readonly PolicyRange[];
  /** Everything goes to the champion, whatever the ranges say. Only a policy with another salt undoes it. */
  readonly killed: boolean;
  /** After this time (milliseconds since 1970) the policy is not trusted any more: champion only. */
  readonly validUntil?: number | undefined;
  /** After this time (milliseconds since 1970) the policy is still followed, but is known to be old (see `isStale`). */
  readonly freshUntil?: number | undefined;
  /** Arms that are given a copy of a sample of the requests, off the path of the answer. */
  readonly shadows?: readonly { readonly arm: string; readonly share: number }[] | undefined;
  readonly overrides?: readonly Override[] | undefined;
}

/**
 * Requests that go to an arm whatever their hash: units on a list, or requests whose attributes all have one of the values
 * (a contract version, a region). The first that matches counts, while its arm has a share or is the champion.
 */
export interface Override {
  readonly arm: string;
  readonly units?: readonly string[] | undefined;
  readonly where?: Readonly<Record<string, readonly (string | number | boolean)[]>> | undefined;
}

/** Where a request goes. One frozen object per arm and policy, so routing allocates nothing. */
export interface Route {
  readonly arm: string;
  readonly epoch: number;
  /** The probability with which this arm is chosen in this epoch (the propensity). */
  readonly share: number;
  /** False when the choice was made by request, because the unit is unknown: unit-level statistics leave it out. */
  readonly sticky: boolean;
}

/** An immutable policy, ready for `route`. Held in one variable and replaced as a whole. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly epoch: number;
  readonly salt: string;
  readonly mode: PolicyMode;
  readonly killed: boolean;
  /** Milliseconds since 1970; Infinity when the policy does not expire. */
  readonly validUntil: number;
  /** Milliseconds since 1970; Infinity when the policy does not age. */
  readonly freshUntil: number;
  /** Arms in the order of their first range. */
  readonly arms: readonly string[];
  /** Share by arm; they sum to 1. */
  readonly shares: ReadonlyMap<string, number>;
  /** First bucket after each range but the last, less 2^31, so that it is a signed 32-bit number. */
  readonly ends: Int32Array;
  /** The route of each range for sticky units. */
  readonly sticky: readonly Route[];
  /** The route of each range for requests without a unit. */
  readonly unsticky: readonly Route[];
  /** The route when nothing else may answer. */
  readonly fallback: Route;
  /** By arm that serves, the route of requests that chance has no part in: share 1, left out of statistics. */
  readonly certain: ReadonlyMap<string, Route>;
  readonly overrides: readonly CompiledOverride[];
  readonly prefix: HashPrefix;
  readonly shadowPrefix: HashPrefix;
}

/** An override, ready to match: sets for its lists, and the route that it gives. */
export interface CompiledOverride {
  readonly units: ReadonlySet<string> | undefined;
  readonly where: readonly (readonly [string, ReadonlySet<string | number | boolean>])[];
  readonly route: Route;
}

/** A policy under which one arm answers everything. */
export function championPolicy(options: {
  readonly salt: string;
  readonly champion?: string | undefined;
  readonly epoch?: number | undefined;
  readonly overrides?: readonly Override[] | undefined;
}): Policy {
  const { salt, champion = 'champion', epoch = 0, overrides } = options;
  const ranges = [{ start: 0, end: BUCKETS, arm: champion, since: epoch }];
  return { epoch, salt, mode: 'champion', champion, ranges, killed: false, ...(overrides && { overrides }) };
}

/** Checks a policy and prepares it for `route`. @throws `input/invalid` when the ranges do not partition [0, 2^32) */
export function compilePolicy(policy: Policy): CompiledPolicy {
  checkPolicy(policy);
  const { epoch, salt, mode, champion, ranges, killed, overrides = [] } = policy;
  const { validUntil = Infinity, freshUntil = Infinity } = policy;
  const shares = sharesOf(policy);
  const serving = new Set([champion, ...shares.keys()]);
  const certain = new Map([...serving].map((arm) => [arm, Object.freeze({ arm, epoch, share: 1, sticky: false })]));
  const routeOf = (arm: string, sticky: boolean): Route =>
    Object.freeze({ arm, epoch, share: killed ? Number(arm === champion) : (shares.get(arm) ?? 0), sticky });
  const all = (sticky: boolean) => {
    const byArm = new Map([...shares.keys()].map((arm) => [arm, routeOf(arm, sticky)]));
    return ranges.map((range) => byArm.get(range.arm)!);
  };
  return Object.freeze({
    policy,
    epoch,
    salt,
    mode,
    killed,
    validUntil,
    freshUntil,
    arms: [...shares.keys()],
    shares,
    ends: Int32Array.from(ranges.slice(0, -1), ({ end }) => end - BUCKETS / 2),
    sticky: all(true),
    unsticky: all(false),
    fallback: Object.freeze({ arm: champion, epoch, share: killed ? 1 : (shares.get(champion) ?? 0), sticky: false }),
    certain,
    overrides: overrides.flatMap(({ arm, units, where = {} }) => {
      const forced = certain.get(arm);
      const lists = Object.entries(where).map(([name, values]) => [name, new Set(values)] as const);
      return forced === undefined ? [] : [{ units: units && new Set(units), where: lists, route: forced }];
    }),
    prefix: hashPrefix(`${salt}:`),
    shadowPrefix: hashPrefix(`${salt}#shadow:`),
  });
}

/** Whether nobody has said for a while that the policy still holds; it is followed until `validUntil` all the same. */
export function isStale({ freshUntil }: CompiledPolicy, now: number): boolean {
  return now > freshUntil;
}

/** The share of each arm that owns buckets. */
export function sharesOf(policy: Policy): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { arm, start, end } of policy.ranges) shares.set(arm, (shares.get(arm) ?? 0) + (end - start) / BUCKETS);
  return shares;
}

function checkPolicy(policy: Policy): void {
  const { epoch, salt, ranges, shadows = [], overrides = [] } = policy;
  if (!Number.isSafeInteger(epoch) || epoch < 0) throw invalidInput('policy.epoch', 'an integer of 0 or more', epoch);
  if (typeof salt !== 'string' || salt === '') throw invalidInput('policy.salt', 'a text that is not empty', salt);
  let at = 0;
  for (const { start, end } of ranges) {
    if (start !== at || !Number.isInteger(end) || end <= start)
      throw invalidInput('policy.ranges', `a range from ${at} to a larger bucket`, `[${start}, ${end})`);
    at = end;
  }
  if (at !== BUCKETS) throw invalidInput('policy.ranges', 'ranges that end at 2^32', at);
  for (const { share } of shadows)
    if (!(share >= 0 && share <= 1)) throw invalidInput('policy.shadows', 'shares between 0 and 1', share);
  for (const { arm, units, where = {} } of overrides)
    if (units === undefined && Object.keys(where).length === 0)
      throw invalidInput('policy.overrides', 'units or attributes to match', arm, 'It would match every request.');
}
