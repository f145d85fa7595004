import { describe, expect, test } from 'vitest';
import { buckets } from '../../src/routing/index.js';
import vectors from '../vectors/bucketing.json' with { type: 'json' };

describe('buckets of other systems', () => {
  test('GrowthBook', () => {
    for (const { seed, value, version, expected } of vectors.growthbook)
      expect(buckets.growthBook(seed, value, version as 1 | 2), value).toBe(expected);
  });

  test('LaunchDarkly', () => {
    for (const row of vectors.launchdarkly) {
      const by = 'seed' in row ? { seed: Number(row.seed) } : { key: row.key!, salt: row.salt! };
      expect(buckets.launchDarkly(row.value, by), row.value).toBeCloseTo(row.bucket, 14);
    }
  });

  test('Optimizely', () => {
    for (const { bucketingId, entityId, bucket10k } of vectors.optimizely)
      expect(buckets.optimizely(bucketingId, entityId) * 10_000).toBeCloseTo(bucket10k, 9);
  });

  test('Unleash', () => {
    for (const { groupId, id, normalized100, variant1000_seed86028157 } of vectors.unleash) {
      expect(buckets.unleash(groupId, id) * 100 + 1).toBeCloseTo(normalized100, 9);
      expect(buckets.unleashVariant(groupId, id) * 1_000 + 1).toBeCloseTo(variant1000_seed86028157, 9);
    }
  });

  test('Statsig', () => {
    for (const { configSalt, ruleSalt, unitID, mod10000 } of vectors.statsig)
      expect(buckets.statsig(configSalt, ruleSalt, unitID) * 10_000).toBeCloseTo(mod10000, 9);
  });

  test('Eppo', () => {
    for (const { input, totalShards, shard } of vectors.eppo) {
      const cut = input.indexOf('-');
      expect(buckets.eppo(input.slice(0, cut), input.slice(cut + 1), totalShards) * totalShards).toBeCloseTo(shard, 9);
    }
  });

  test('Amplitude, and flagd by its hash', () => {
    for (const { salt, id, mod100 } of vectors.amplitude)
      expect(buckets.amplitude(salt, id) * 100).toBeCloseTo(mod100, 9);
    expect(buckets.flagd('')).toBe(0);
  });
});
