import { encodeUtf8 } from '@millwright/core';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { murmur3 } from './murmur3.js';

/**
 * How other flag systems put a unit into a bucket, so that a migration moves nobody. Each returns a number in [0, 1):
 * compare it with `<` against the share that the other system shows.
 */
export const buckets = {
  /** GrowthBook hash version 1 (thousandths) and 2 (ten-thousandths): FNV-1a over UTF-16 units. */
  growthBook(seed: string, value: string, version: 1 | 2 = 2): number {
    if (version === 1) return (fnv1a(value + seed) % 1_000) / 1_000;
    return (fnv1a(String(fnv1a(seed + value))) % 10_000) / 10_000;
  },
  /** LaunchDarkly: SHA-1 of `key.salt.value`, or of `seed.value` where an experiment has a seed; 15 hexadecimal digits. */
  launchDarkly(value: string, by: { readonly key: string; readonly salt: string } | { readonly seed: number }): number {
    const prefix = 'seed' in by ? String(by.seed) : `${by.key}.${by.salt}`;
    const hash = sha1(encodeUtf8(`${prefix}.${value}`));
    let bits = 0;
    for (let i = 0; i < 7; i++) bits = bits * 256 + hash[i]!;
    return (bits * 16 + (hash[7]! >> 4)) / 2 ** 60;
  },
  /** Optimizely: ten-thousandths. `entityId` is the experiment's. */
  optimizely(bucketingId: string, entityId: string): number {
    return Math.floor((murmur3(bucketingId + entityId, 1) / 2 ** 32) * 10_000) / 10_000;
  },
  /** Unleash gradual rollout: hundredths. Unleash counts from 1 and compares with `<=`, which is the same. */
  unleash(groupId: string, id: string): number {
    return (murmur3(`${groupId}:${id}`) % 100) / 100;
  },
  /** Unleash variants: thousandths. */
  unleashVariant(groupId: string, id: string): number {
    return (murmur3(`${groupId}:${id}`, 86_028_157) % 1_000) / 1_000;
  },
  /** Statsig: SHA-256 of `configSalt.ruleSalt.unit`, 64 bits modulo 10,000. */
  statsig(configSalt: string, ruleSalt: string, unit: string): number {
    const hash = sha256(encodeUtf8(`${configSalt}.${ruleSalt}.${unit}`));
    return Number(new DataView(hash.buffer, hash.byteOffset).getBigUint64(0) % 10_000n) / 10_000;
  },
  /** Eppo: MD5 of `salt-unit`, 32 bits modulo the number of shards. */
  eppo(salt: string, unit: string, shards = 10_000): number {
    return eppoShard(`${salt}-${unit}`, shards) / shards;
  },
  /** Amplitude Experiment: hundredths. */
  amplitude(salt: string, id: string): number {
    return (murmur3(`${salt}/${id}`) % 100) / 100;
  },
  /** flagd `fractional` v2: 2^-32. */
  flagd(key: string): number {
    return murmur3(key) / 2 ** 32;
  },
} as const;

/**
 * GrowthBook's ranges [start, end) of variations: their weights beside each other, each filled up to the coverage. Weights
 * that do not fit (another number, or a sum that is not 1) count as equal.
 */
export function growthBookRanges(
  variations: number,
  coverage = 1,
  weights?: readonly number[],
): readonly (readonly [number, number])[] {
  const sum = weights?.reduce((a, b) => a + b, 0) ?? 0;
  const fits = weights?.length === variations && sum >= 0.99 && sum <= 1.01;
  const covered = Math.min(1, Math.max(0, coverage));
  let start = 0;
  return Array.from({ length: variations }, (_, i) => {
    const weight = fits ? weights![i]! : 1 / variations;
    const range = [start, start + covered * weight] as const;
    start += weight;
    return range;
  });
}

/** The variation whose range holds the bucket; -1 when none does. */
export function growthBookVariation(bucket: number, ranges: readonly (readonly [number, number])[]): number {
  return ranges.findIndex(([start, end]) => bucket >= start && bucket < end);
}

/** Whether GrowthBook counts the unit to a part [start, end) of a namespace. */
export function inGrowthBookNamespace(
  unit: string,
  namespace: string,
  [start, end]: readonly [number, number],
): boolean {
  const bucket = buckets.growthBook(`__${namespace}`, unit, 1);
  return bucket >= start && bucket < end;
}

/** Names of the systems whose hashes are known. */
export type BucketingSystem = keyof typeof buckets;

function eppoShard(text: string, shards: number): number {
  const hash = md5(encodeUtf8(text));
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0) % shards;
}

/** FNV-1a, 32 bits, over UTF-16 code units as JavaScript SDKs do. Not over bytes: the two differ outside ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
