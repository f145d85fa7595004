import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@millwright/core';
import {
  decodeFrequentLongs,
  decodeFrequentStrings,
  decodeHll,
  decodeKll,
  decodeTheta,
  type FrequentItems,
  hllSketch,
  kllSketch,
  mergeHll,
  readKll,
  readTDigest,
  uniteTheta,
} from '@millwright/core/sketch';
import { describe, expect, test } from 'vitest';
import vectors from '../../vectors/sketches.json' with { type: 'json' };

/** Sketches written by DataSketches' C++, Java and Go libraries: the folder that holds `cpp/`, `java/` and `go/`. */
const folder = process.env['MILLWRIGHT_SKETCHES'];
const load = async (file: string) => new Uint8Array(await readFile(join(folder ?? '', file)));
type Facts = (typeof vectors.files)[number];

const files = vectors.files.map((facts) => [facts.file, facts] as const);

describe.skipIf(folder === undefined)('sketches of other libraries (set MILLWRIGHT_SKETCHES to their folder)', () => {
  test.each(files)('%s', async (file, facts) => {
    const bytes = await load(file);
    if (facts.error !== undefined) {
      expect(() => decodeKll(bytes, 'double')).toThrow('preamble');
      return;
    }
    readers[facts.family!]!(bytes, facts);
  });

  test('every file of the three libraries is read', async () => {
    const { readdir } = await import('node:fs/promises');
    let read = 0;
    for (const language of ['cpp', 'java', 'go']) {
      for (const name of await readdir(join(folder!, language))) {
        if (!name.endsWith('.sk')) continue;
        const family = name.replace(/_(n\d+|ascii|utf8|buf|non|compressed).*/, '').replace(/^hll\d$/, 'hll');
        openers[family]!(await load(join(language, name)), name);
        read++;
      }
    }
    expect(read).toBe(305);
  });

  test('sketches of three languages merge', async () => {
    const [hll, theta, kll] = vectors.cross_language_merge;
    const languages = ['cpp', 'java', 'go'];
    let counters = hllSketch();
    const sets = [];
    const values = kllSketch({ random: seededRandom(1) });
    for (const language of languages) {
      for (const n of ['1000', '100000', '1000000']) {
        values.merge(decodeKll(await load(`${language}/kll_double_n${n}_${language}.sk`), 'double'));
        if (n === '1000000') continue;
        counters = mergeHll(counters, decodeHll(await load(`${language}/hll6_n${n}_${language}.sk`)));
        sets.push(decodeTheta(await load(`${language}/theta_n${n}_${language}.sk`)));
      }
    }
    expect(counters.estimate() / hll!.estimate!).toBeCloseTo(1, 4);
    const united = uniteTheta(sets);
    expect([united.estimate(), united.retained]).toEqual([theta!.estimate, theta!.retained]);
    expect([values.n, values.min, values.max]).toEqual([kll!.n, kll!.min, kll!.max]);
    // 1000 values three times, 100,000 three times, a million three times: the median lies near 450,000.
    expect(Math.abs(values.rank(kll!.median_one_run!) - 0.5)).toBeLessThan(2 * values.rankError());
  });
});

const byNumber = (a: string, b: string) => Number(a) - Number(b);

const openers: Record<string, (bytes: Uint8Array, name: string) => void> = {
  kll_float: (bytes) => decodeKll(decodeKll(bytes, 'float').encode(), 'float'),
  kll_double: (bytes) => decodeKll(decodeKll(bytes, 'double').encode(), 'double'),
  kll_long: (bytes) => readKll(bytes, 'long'),
  kll_string: (bytes) => readKll(bytes, 'string', { compare: byNumber }),
  hll: (bytes) => decodeHll(decodeHll(bytes).encode()),
  theta: (bytes) => decodeTheta(decodeTheta(bytes).encode()),
  frequent_string: (bytes) => decodeFrequentStrings(decodeFrequentStrings(bytes).encode()),
  frequent_long: (bytes) => decodeFrequentLongs(decodeFrequentLongs(bytes).encode()),
  tdigest_double: (bytes) => readTDigest(bytes, 'double'),
  tdigest_float: (bytes) => readTDigest(bytes, 'float'),
};

const readers: Record<string, (bytes: Uint8Array, facts: Facts) => void> = {
  kll_float: (bytes, facts) => checkNumbers(bytes, facts, 'float'),
  kll_double: (bytes, facts) => checkNumbers(bytes, facts, 'double'),
  kll_long(bytes, facts) {
    const sketch = readKll(bytes, 'long');
    expect([sketch.k, sketch.n, sketch.retained]).toEqual([facts.k, facts.n, facts.num_retained]);
    inner(facts).forEach(([rank, inclusive, exclusive]) => {
      expect(Number(sketch.quantile(rank))).toBe(inclusive);
      expect(Number(sketch.quantile(rank, false))).toBe(exclusive);
    });
  },
  kll_string(bytes, facts) {
    const sketch = readKll(bytes, 'string', { compare: byNumber });
    expect([sketch.k, sketch.n, sketch.retained]).toEqual([facts.k, facts.n, facts.num_retained]);
    inner(facts).forEach(([rank, inclusive]) => void expect(sketch.quantile(rank)).toBe(inclusive));
  },
  hll(bytes, facts) {
    const sketch = decodeHll(bytes);
    expect([sketch.lgK, sketch.bits, sketch.empty]).toEqual([facts.lg_k, [4, 6, 8][Number(facts.type)], facts.empty]);
    close(sketch.estimate(), facts.estimate!, 1e-12);
    close(sketch.compositeEstimate(), facts.composite_estimate!, 5e-5);
    for (const d of [1, 2, 3] as const) {
      const width = facts.ub![d - 1]! - facts.lb![d - 1]!;
      expect(Math.abs(sketch.bounds(d).lower - facts.lb![d - 1]!)).toBeLessThanOrEqual(0.01 * width + 1e-9);
      expect(Math.abs(sketch.bounds(d).upper - facts.ub![d - 1]!)).toBeLessThanOrEqual(0.01 * width + 1e-9);
    }
  },
  theta(bytes, facts) {
    const set = decodeTheta(bytes);
    const { hashes, theta } = set.state;
    const word = (high: number, low: number) => String((BigInt(high) << 32n) | BigInt(low));
    expect([set.empty, set.retained, set.theta, set.estimate()]).toEqual([
      facts.empty,
      facts.num_retained,
      facts.theta,
      facts.estimate,
    ]);
    expect(word(theta.high, theta.low)).toBe(facts.theta64);
    expect(facts.smallest_hashes!.map((_, i) => word(hashes[2 * i + 1]!, hashes[2 * i]!))).toEqual(
      facts.smallest_hashes,
    );
    if (set.retained <= 120) return;
    for (const d of [1, 2, 3] as const) {
      close(set.bounds(d).lower, facts.lb![d - 1]!, 1e-12);
      close(set.bounds(d).upper, facts.ub![d - 1]!, 1e-12);
    }
  },
  frequent_string: (bytes, facts) => checkFrequent(decodeFrequentStrings(bytes), facts),
  frequent_long: (bytes, facts) => checkFrequent(decodeFrequentLongs(bytes), facts),
  tdigest_double: (bytes, facts) => checkDigest(bytes, facts, 'double'),
  tdigest_float: (bytes, facts) => checkDigest(bytes, facts, 'float'),
};

/** Ranks strictly between 0 and 1 with both quantiles: at the ends ours are the exact extremes. */
function inner(facts: Facts): [rank: number, inclusive: unknown, exclusive: unknown][] {
  const rows = (facts.ranks ?? []).map(
    (rank, i) => [rank, facts.quantiles_inclusive![i], facts.quantiles_exclusive![i]] as [number, unknown, unknown],
  );
  return rows.filter(([rank]) => rank > 0 && rank < 1);
}

function checkNumbers(bytes: Uint8Array, facts: Facts, kind: 'float' | 'double') {
  const sketch = decodeKll(bytes, kind);
  expect([sketch.k, sketch.n, sketch.retained]).toEqual([facts.k, facts.n, facts.num_retained]);
  expect([sketch.min, sketch.max]).toEqual([facts.min, facts.max]);
  close(sketch.rankError(), facts.rank_error_single!, 1e-12);
  close(sketch.rankError(true), facts.rank_error_pmf!, 1e-12);
  for (const [rank, inclusive, exclusive] of inner(facts)) {
    expect(sketch.quantile(rank)).toBe(inclusive);
    expect(sketch.quantile(rank, { inclusive: false })).toBe(exclusive);
  }
  facts.rank_probe_values?.forEach((value, i) => {
    close(sketch.rank(value), facts.ranks_inclusive![i]!, 1e-12);
    close(sketch.rank(value, { inclusive: false }), facts.ranks_exclusive![i]!, 1e-12);
  });
}

function checkFrequent(sketch: FrequentItems<string> | FrequentItems<bigint>, facts: Facts) {
  expect([sketch.retained, sketch.weight, sketch.maxError]).toEqual([
    facts.active_items,
    facts.total_weight,
    facts.max_error,
  ]);
  const rows = sketch.frequent().map(({ item, estimate, lower, upper }) => [String(item), estimate, lower, upper]);
  const expected = facts.rows_no_false_negatives!.map(([item, ...counts]) => [String(item), ...counts]);
  // The facts list at most 20 of the rows.
  expect(rows.length).toBe(facts.rows_count);
  for (const row of expected) expect(rows).toContainEqual(row);
}

function checkDigest(bytes: Uint8Array, facts: Facts, kind: 'float' | 'double') {
  const digest = readTDigest(bytes, kind);
  expect([digest.k, digest.weight]).toEqual([facts.k, facts.total_weight]);
  if (digest.weight > 0) expect([digest.min, digest.max]).toEqual([facts.min, facts.max]);
}

function close(actual: number, expected: number, tolerance: number) {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
}
