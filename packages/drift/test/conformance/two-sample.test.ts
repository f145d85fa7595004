import { isMillwrightError, seededRandom } from '@millwright/core';
import { twoSampleCases } from '@millwright/drift/conformance';
import { distribution, ks, rankTests, type TwoSampleTest } from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';

const random = seededRandom;
const category = (random: { next(): number }, changed: boolean) =>
  `k${Math.floor(6 * random.next() ** (changed ? 0.4 : 1.2))}`;

describe.each([
  ['distribution on numbers', twoSampleCases(distribution, { random })],
  ['distribution on categories', twoSampleCases(distribution, { random, draw: category })],
  ['ks', twoSampleCases(ks, { random })],
  ['mann-whitney', twoSampleCases(rankTests.mannWhitney, { random })],
  ['cramer-von-mises', twoSampleCases(rankTests.cramerVonMises, { random })],
  ['anderson-darling', twoSampleCases(rankTests.andersonDarling, { random })],
])('%s', (_, cases) => {
  for (const { name, skip, run } of cases) test.skipIf(skip !== undefined)(name, { timeout: 60_000 }, run);
});

describe('the suite finds tests that break a promise', () => {
  let calls = 0;
  const broken = (change: Partial<TwoSampleTest>): TwoSampleTest => ({ ...ks, ...change });
  const mutants: readonly (readonly [string, TwoSampleTest, string])[] = [
    [
      'a result that depends on how often it was asked',
      broken({ fromSamples: (a, b, o) => ({ ...ks.fromSamples(a, b, o), statistic: calls++ }) }),
      'the same samples give the same result',
    ],
    [
      'samples sorted in place',
      broken({
        fromSamples(a, b, o) {
          const result = ks.fromSamples(a, b, o);
          for (const chunk of b.chunks) if (chunk.kind === 'number') chunk.values.sort();
          return result;
        },
      }),
      'samples are not changed',
    ],
    [
      'never drift',
      broken({ fromSamples: (a, b, o) => ({ ...ks.fromSamples(a, b, o), verdict: 'noDrift' }) }),
      'a large change is drift, no change is none',
    ],
    [
      'no rows pass',
      broken({ fromSamples: (a, b, o) => ({ ...ks.fromSamples(a, b, o), pValue: 1 }) }),
      'nothing to compare is insufficient, and has no p-value',
    ],
    [
      'significance without size',
      broken({
        fromSamples: (a, b, o) => ({ ...ks.fromSamples(a, b, { ...o, margin: 0 }), margin: o?.margin ?? 0.1 }),
      }),
      'the verdict follows from p-value, effect and margin',
    ],
    [
      'null counted as zero',
      broken({
        fromSamples: (a, b, o) => {
          const result = ks.fromSamples(a, b, o);
          return { ...result, rows: { ...result.rows, current: b.length } };
        },
      }),
      'null and NaN are left out',
    ],
    [
      'p-values of a quarter of their size',
      broken({
        fromSamples: (a, b, o) => {
          const result = ks.fromSamples(a, b, o);
          return { ...result, pValue: result.pValue === undefined ? undefined : result.pValue / 4 };
        },
      }),
      'quiet pairs alarm no more often than α says',
    ],
    [
      'profiles that always differ',
      broken({ fromProfiles: (a, b, o) => ({ ...ks.fromProfiles!(a, b, o), verdict: 'drift' }) }),
      'profiles find what samples find',
    ],
    [
      'a result that depends on the order of merging',
      broken({ fromProfiles: (a, b, o) => ({ ...ks.fromProfiles!(a, b, o), statistic: calls++ }) }),
      'parts of a window merge in any order and shape to the same result',
    ],
  ];

  test.each(mutants)('%s', async (_, mutant, name) => {
    const found = twoSampleCases(mutant, { random }).find((one) => one.name === name);
    const error = await found!.run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(isMillwrightError(error, 'drift/nonconforming')).toBe(true);
  });

  test('every case has a mutant', () => {
    expect(new Set(mutants.map(([, , name]) => name)).size).toBe(twoSampleCases(ks, { random }).length);
  });
});
