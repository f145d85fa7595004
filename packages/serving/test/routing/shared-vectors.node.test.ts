import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  bucketOf,
  buckets,
  championPolicy,
  compilePolicy,
  growthBookRanges,
  growthBookVariation,
  inGrowthBookNamespace,
  memoryStickyStore,
  murmur3,
  ramp,
  routeRequest,
} from '../../src/routing/index.js';

/** Vectors that restate the public test suites of other systems; they are not part of the repository. */
const folder = process.env['MILLWRIGHT_ROLLOUT_VECTORS'];

describe.skipIf(folder === undefined)('routing vectors (set MILLWRIGHT_ROLLOUT_VECTORS to their folder)', () => {
  const read = (file: string) => JSON.parse(readFileSync(join(folder!, file), 'utf8'));

  test('every hash and bucket', () => {
    const all = read('bucketing.json');
    for (const { input, seed, hash } of all.murmur3_x86_32_utf8) expect(murmur3(input, seed), input).toBe(hash);
    for (const { input, utf16_code_units } of all.fnv1a32)
      expect(buckets.growthBook('', input, 1), input).toBe((utf16_code_units % 1_000) / 1_000);
    for (const { seed, value, version, expected } of all.growthbook)
      if (expected !== null) expect(buckets.growthBook(seed, value, version), `${seed} ${value}`).toBe(expected);
    for (const { value, bucket, ...by } of all.launchdarkly)
      expect(buckets.launchDarkly(value, by), value).toBeCloseTo(bucket, 14);
    for (const { bucketingId, entityId, bucket10k } of all.optimizely)
      expect(Math.round(buckets.optimizely(bucketingId, entityId) * 10_000), bucketingId).toBe(bucket10k);
    for (const { key, hash, bv100 } of all.flagd_fractional_v2) {
      expect(buckets.flagd(key) * 2 ** 32, key).toBe(hash);
      expect(Math.floor(buckets.flagd(key) * 100), key).toBe(bv100);
    }
  });

  test('nested ramps, and how many units two salts share', () => {
    const { ramps, cross_salt_overlap_at_10pct: overlap } = read('monotone-ramp.json');
    const policies = ramps.map(({ salt }: { salt: string }) =>
      compilePolicy(ramp(championPolicy({ salt }), { challenger: 0.1 })),
    );
    const inside = (at: number, unit: string) => bucketOf(policies[at], unit) < Math.floor(0.1 * 2 ** 32);
    const units = Array.from({ length: overlap.units }, (_, i) => `unit-${i}`);
    expect(units.filter((unit) => inside(0, unit)).length).toBe(overlap.in_a);
    expect(units.filter((unit) => inside(1, unit)).length).toBe(overlap.in_b);
    expect(units.filter((unit) => inside(0, unit) && inside(1, unit)).length).toBe(overlap.in_both);
  });

  test('ranges, variations and namespaces of GrowthBook', () => {
    const { getBucketRange, chooseVariation, inNamespace } = read('growthbook-sdk-cases.json');
    for (const { name, numVariations, coverage, weights, ranges } of getBucketRange)
      growthBookRanges(numVariations, coverage, weights ?? undefined).forEach(([start, end], i) => {
        expect(start, name).toBeCloseTo(ranges[i][0], 12);
        expect(end, name).toBeCloseTo(ranges[i][1], 12);
      });
    for (const { name, n, ranges, expected } of chooseVariation)
      expect(growthBookVariation(n, ranges), name).toBe(expected);
    for (const { name, id, namespace, lo, hi, expected } of inNamespace)
      expect(inGrowthBookNamespace(id, namespace, [lo, hi]), name).toBe(expected);
  });

  test('sticky buckets of GrowthBook, brought over as entries that hold', () => {
    const { stickyBucket } = read('growthbook-sdk-cases.json');
    let played = 0;
    for (const { name, context, storedDocs, featureKey, result } of stickyBucket) {
      const [rule] = context.features[featureKey].rules;
      // Not offered: leaving units out for the version that they were stored with, and rules that keep nothing.
      if (result === null || rule.disableStickyBucketing) continue;
      const key = rule.key ?? featureKey;
      const salt = `${key}__${rule.bucketVersion ?? 0}`;
      const store = memoryStickyStore();
      for (const { attributeName, attributeValue, assignments } of storedDocs)
        for (const [version, variation] of Object.entries(assignments))
          store.set(`${version}:${attributeName}||${attributeValue}`, { arm: String(variation), held: true });
      const [unit, ...formerUnits] = [rule.hashAttribute, rule.fallbackAttribute]
        .filter((attribute) => context.attributes[attribute] !== undefined)
        .map((attribute) => `${attribute}||${context.attributes[attribute]}`);
      const hashed = growthBookVariation(
        buckets.growthBook(rule.seed ?? key, result.hashValue, rule.hashVersion ?? 1),
        growthBookRanges(rule.variations.length, rule.coverage, rule.weights),
      );
      const shares = Object.fromEntries(rule.variations.map((_: unknown, i: number) => [String(i), 1 / 8]));
      const policy = compilePolicy(ramp(championPolicy({ salt, champion: 'none' }), shares));
      const chosen = routeRequest(policy, { unit, formerUnits }, undefined, 0, store);
      expect(store.get(`${salt}:${unit}`)?.held === true, name).toBe(result.stickyBucketUsed);
      expect(result.stickyBucketUsed ? chosen.arm : String(hashed), name).toBe(result.key);
      played++;
    }
    expect(played).toBe(10);
  });
});
