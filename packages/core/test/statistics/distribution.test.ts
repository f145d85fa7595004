import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  betaCdf,
  betaQuantile,
  betaSf,
  binomialCdf,
  binomialLogCdf,
  binomialLogPmf,
  binomialLogSf,
  binomialPmf,
  binomialQuantile,
  binomialSf,
  chiSquareCdf,
  chiSquareLogSf,
  chiSquareQuantile,
  chiSquareSf,
  cramerVonMisesSf,
  fCdf,
  findRoot,
  fLogSf,
  fQuantile,
  fSf,
  gammaCdf,
  gammaLogCdf,
  gammaLogSf,
  gammaQuantile,
  gammaSf,
  hypergeometricCdf,
  hypergeometricLogPmf,
  hypergeometricSf,
  kolmogorovLimitLogSf,
  kolmogorovLimitSf,
  ksLogSf,
  ksOneSidedLogSf,
  ksOneSidedSf,
  ksSf,
  ksTwoSampleOneSidedSf,
  ksTwoSampleSf,
  logBeta,
  logChoose,
  logGamma,
  normalCdf,
  normalLogSf,
  normalQuantile,
  normalSf,
  poissonCdf,
  poissonQuantile,
  poissonSf,
  studentTCdf,
  studentTLogSf,
  studentTQuantile,
  studentTSf,
} from '../../src/statistics/index.js';
import tails from '../vectors/distribution-tails.json' with { type: 'json' };
import { expectNear } from './near.js';

const CLOSE = { relative: 1e-10, absolute: 0 };

describe('vectors of scipy', () => {
  test('normal tails, also where the value underflows', () => {
    for (const { z, sf, logsf } of tails.norm_sf) {
      expectNear(normalSf(z), sf, `sf(${z})`, CLOSE);
      expectNear(normalLogSf(z), logsf, `logSf(${z})`, CLOSE);
    }
    expectNear(normalLogSf(-3), Math.log(1 - 0.0013498980316300933), 'logSf(-3)', CLOSE);
  });

  test('chi-square tails', () => {
    for (const { df, x, sf, logsf } of tails.chi2_sf) {
      expectNear(chiSquareSf(x, df), sf, `sf(${x}, ${df})`, CLOSE);
      // scipy's log tail underflows to -Infinity where ours is still a number.
      if (logsf !== '-Infinity') expectNear(chiSquareLogSf(x, df), logsf, `logSf(${x}, ${df})`, { relative: 1e-10 });
    }
    expect(chiSquareLogSf(12_000, 2)).toBeCloseTo(-6000, 8);
  });

  test("Student's t tails", () => {
    for (const { df, t, sf } of tails.student_t_sf) expectNear(studentTSf(t, df), sf, `sf(${t}, ${df})`, CLOSE);
    expect(studentTLogSf(40, 10_000)).toBeLessThan(-700);
  });

  test('logarithms of tails are those of the tails, and go on where doubles end', () => {
    const LOG = { relative: 1e-12 };
    for (const x of [0.3, 2, 30]) {
      expectNear(gammaLogSf(x, 2.5), Math.log(gammaSf(x, 2.5)), `gamma sf(${x})`, LOG);
      expectNear(gammaLogCdf(x, 2.5), Math.log(gammaCdf(x, 2.5)), `gamma cdf(${x})`, LOG);
      expectNear(fLogSf(x, 3, 17), Math.log(fSf(x, 3, 17)), `F sf(${x})`, LOG);
    }
    for (const k of [3, 10, 19])
      expectNear(binomialLogSf(k, 20, 0.3), Math.log(binomialSf(k, 20, 0.3)), `sf(${k})`, LOG);
    // Closed forms: the exponential law, F with 2 degrees of freedom, all of n, the last step of D⁺.
    expectNear(gammaLogSf(1_000, 1), -1_000, 'exponential', LOG);
    expectNear(gammaLogCdf(1e-200, 2), 2 * Math.log(1e-200) - Math.LN2, 'gamma near 0', LOG);
    expectNear(fLogSf(1e9, 2, 400), -200 * Math.log1p(1e9 / 200), 'F far out', LOG);
    expectNear(binomialLogSf(999, 1_000, 0.01), 1_000 * Math.log(0.01), 'all of 1,000', LOG);
    expectNear(ksOneSidedLogSf(0.999, 500), 500 * Math.log1p(-0.999), 'D⁺ of nearly 1', LOG);
    expect([gammaSf(1_000, 1), fSf(1e9, 2, 400), binomialSf(999, 1_000, 0.01)]).toEqual([0, 0, 0]);
  });

  test('Kolmogorov limit and finite n', () => {
    for (const { x, sf } of tails.kolmogorov_two_sided_limit_sf)
      expectNear(kolmogorovLimitSf(x), sf, `limit(${x})`, CLOSE);
    for (const { n, d, sf } of tails.kstwo_sf)
      expectNear(ksSf(d, n), sf, `ksSf(${d}, ${n})`, { relative: 1e-7, absolute: 0 });
    for (const { n, d, sf } of tails.ksone_sf) expectNear(ksOneSidedSf(d, n), sf, `ksOneSidedSf(${d}, ${n})`, CLOSE);
    for (const { m, n, d, p } of tails.ks_2samp_exact_p)
      expectNear(ksTwoSampleSf(d, m, n), p, `ksTwoSampleSf(${d}, ${m}, ${n})`, CLOSE);
  });

  test('Cramér-von Mises limit', () => {
    // scipy stops its series at an absolute 1e-7, so the tail beyond 1e-6 is compared with quadrature in 40 digits.
    for (const { x, sf } of tails.cvm_2samp_asymptotic_sf)
      if (sf > 1e-6) expectNear(cramerVonMisesSf(x), sf, `cvm(${x})`, CLOSE);
    expectNear(cramerVonMisesSf(3), 7.56774345931602e-8, 'cvm(3)', CLOSE);
    expectNear(cramerVonMisesSf(0.01), 0.9999941355671901, 'cvm(0.01)', CLOSE);
  });

  test('hypergeometric', () => {
    for (const { M, n, N, k, pmf } of tails.hypergeom)
      expectNear(Math.exp(hypergeometricLogPmf(k, { population: M, marked: n, draws: N })), pmf, 'pmf', CLOSE);
  });

  test('values computed with 40 digits', () => {
    expectNear(logBeta(1e-5, 30), 11.512885848512804, 'logBeta', CLOSE);
    expectNear(logBeta(3, 1e6), -40.75338749333038, 'logBeta', CLOSE);
    expectNear(logBeta(1e5, 2e5), -190958.88527911686, 'logBeta', CLOSE);
    expectNear(binomialSf(0, 1e6, 1e-7), 0.09516258648822781, 'binomialSf', CLOSE);
    expectNear(binomialSf(500_300, 1e6, 0.5), 0.2739200038046276, 'binomialSf', CLOSE);
    expectNear(studentTSf(3, 1e10), 0.001349898034953979, 'studentTSf', CLOSE);
    expectNear(gammaQuantile(0.3, 1e6), 999475.3579172359, 'gammaQuantile', CLOSE);
    expectNear(betaQuantile(0.01, 1e6, 1e5), 0.9084521612846533, 'betaQuantile', CLOSE);
    expectNear(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 'logGamma', CLOSE);
    expectNear(logChoose(50, 25), Math.log(126410606437752), 'logChoose', CLOSE);
  });
});

describe('edges', () => {
  test('parameters that make no distribution give NaN, never a number', () => {
    expect(chiSquareSf(1, 0)).toBeNaN();
    expect(betaCdf(0.5, -1, 2)).toBeNaN();
    expect(studentTSf(1, -2)).toBeNaN();
    expect(normalQuantile(1.1)).toBeNaN();
    expect(normalSf(Number.NaN)).toBeNaN();
    expect(ksSf(Number.NaN, 10)).toBeNaN();
    expect(gammaQuantile(-0.1, 2)).toBeNaN();
  });

  test('ends of the support', () => {
    expect(normalSf(Number.POSITIVE_INFINITY)).toBe(0);
    expect(normalSf(Number.NEGATIVE_INFINITY)).toBe(1);
    expect(chiSquareSf(0, 3)).toBe(1);
    expect(betaCdf(1, 2, 3)).toBe(1);
    expect(fSf(Number.POSITIVE_INFINITY, 3, 4)).toBe(0);
    expect(binomialCdf(-1, 10, 0.3)).toBe(0);
    expect(binomialSf(10, 10, 0.3)).toBe(0);
    expect(binomialLogPmf(0, 10, 0)).toBe(0);
    expect(ksTwoSampleSf(0, 5, 7)).toBe(1);
    expect(kolmogorovLimitLogSf(30)).toBeCloseTo(Math.LN2 - 1800, 6);
  });

  test('a root that is not bracketed is reported by the nearer end', () => {
    expect(findRoot((x) => x + 1, 0, 5)).toBe(0);
    expect(findRoot((x) => x ** 3 - 2, 0, 5)).toBeCloseTo(Math.cbrt(2), 14);
  });
});

describe('properties', () => {
  const p = fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true });
  const shape = fc.double({ min: 0.5, max: 1e5, noNaN: true });

  test('quantiles invert cdfs', () => {
    fc.assert(
      fc.property(p, shape, shape, (q, a, b) => {
        expectNear(normalCdf(normalQuantile(q)), q, 'normal', { relative: 1e-11 });
        expectNear(gammaCdf(gammaQuantile(q, a), a), q, 'gamma', { relative: 1e-9 });
        expectNear(betaCdf(betaQuantile(q, a, b), a, b), q, 'beta', { relative: 1e-7, absolute: 1e-9 });
        expectNear(studentTCdf(studentTQuantile(q, a), a), q, 't', { relative: 1e-9 });
        expectNear(fCdf(fQuantile(q, a, b), a, b), q, 'F', { relative: 1e-9 });
        expectNear(chiSquareCdf(chiSquareQuantile(q, a), a), q, 'chi-square', { relative: 1e-9 });
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test('cdf and sf add to one, and cdfs never decrease', () => {
    fc.assert(
      fc.property(shape, shape, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, x) => {
        expectNear(betaCdf(x, a, b) + betaSf(x, a, b), 1, 'beta', { relative: 1e-10 });
        expectNear(gammaCdf(x * 2 * a, a) + gammaSf(x * 2 * a, a), 1, 'gamma', { relative: 1e-10 });
        expect(betaCdf(x * 1.01, a, b)).toBeGreaterThanOrEqual(betaCdf(x, a, b) * (1 - 1e-9));
      }),
      { numRuns: 150, seed: 2 },
    );
  });

  test('discrete distributions sum to their cdfs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (n, q) => {
        let sum = 0;
        for (let k = 0; k <= n; k++) {
          sum += binomialPmf(k, n, q);
          expectNear(binomialCdf(k, n, q), sum, `cdf(${k})`, { relative: 1e-9 });
          expectNear(Math.exp(binomialLogCdf(k, n, q)), sum, `logCdf(${k})`, { relative: 1e-9 });
        }
        const h = { population: 3 * n, marked: n, draws: Math.ceil(n / 2) };
        for (let k = 0; k <= h.draws; k++)
          expectNear(hypergeometricCdf(k, h) + hypergeometricSf(k, h), 1, 'hypergeometric');
      }),
      { numRuns: 30, seed: 3 },
    );
    expect(binomialQuantile(0.5, 100, 0.3)).toBe(30);
    expect(poissonQuantile(0.5, 4.2)).toBe(4);
    expectNear(poissonCdf(3, 4.2) + poissonSf(3, 4.2), 1, 'poisson');
  });

  test('the exact two-sample law agrees with enumeration of every ordering', () => {
    const n = 4;
    const m = 6;
    const counts = new Map<number, number>();
    const oneSided = new Map<number, number>();
    let orderings = 0;
    const walk = (i: number, j: number, worst: number, worstUp: number): void => {
      const gap = i / n - j / m;
      const two = Math.max(worst, Math.abs(gap));
      const up = Math.max(worstUp, gap);
      if (i === n && j === m) {
        orderings++;
        counts.set(Math.round(two * 12), (counts.get(Math.round(two * 12)) ?? 0) + 1);
        oneSided.set(Math.round(up * 12), (oneSided.get(Math.round(up * 12)) ?? 0) + 1);
        return;
      }
      if (i < n) walk(i + 1, j, two, up);
      if (j < m) walk(i, j + 1, two, up);
    };
    walk(0, 0, 0, 0);
    for (let h = 1; h <= 12; h++) {
      const atLeast = (from: Map<number, number>) =>
        [...from].reduce((sum, [key, count]) => sum + (key >= h ? count : 0), 0) / orderings;
      expectNear(ksTwoSampleSf(h / 12, n, m), atLeast(counts), `two-sided ${h}`);
      expectNear(ksTwoSampleOneSidedSf(h / 12, n, m), atLeast(oneSided), `one-sided ${h}`);
    }
  });

  test('finite-n Kolmogorov regions join without a step', () => {
    for (const n of [10, 140, 141, 3_000]) {
      let last = 0;
      for (let i = 1; i <= 200; i++) {
        const d = (i / 200) * Math.min(1, 3 / Math.sqrt(n));
        const value = ksLogSf(d, n);
        expect(value, `n ${n}, d ${d}`).toBeLessThanOrEqual(last + 1e-6);
        last = value;
      }
    }
  });
});
