import { describe, expect, test } from 'vitest';
import {
  asymptoticHalfWidth,
  asymptoticPValue,
  bestRho,
  chiSquareSf,
  distributionBand,
  doubleStitching,
  eToP,
  msprtLogE,
  quantileDifferenceLogE,
  quantileSequence,
  splitLogE,
  studentTSf,
} from '../../src/statistics/index.js';
import boundaries from '../vectors/confseq-boundaries.json' with { type: 'json' };
import growthBook from '../vectors/growthbook-sequential.json' with { type: 'json' };
import msprt from '../vectors/msprt.json' with { type: 'json' };
import quantiles from '../vectors/quantile-cs.json' with { type: 'json' };
import { samples } from '../vectors/quantile-one-sided.json' with { type: 'json' };
import srm from '../vectors/srm.json' with { type: 'json' };
import { expectNear } from './near.js';

const REFERENCE = { relative: 1e-6, absolute: 1e-9 };

interface Input {
  readonly sum_a: number;
  readonly n_a: number;
  readonly sum_b: number;
  readonly n_b: number;
  readonly sumsq_a?: number;
  readonly sumsq_b?: number;
}

/** Estimate and its variance, absolute or relative to the first arm (delta method), from sums; with the parts of the variance. */
function effect({ sum_a, n_a, sum_b, n_b, sumsq_a, sumsq_b }: Input, relative: boolean) {
  const [a, b] = [sum_a / n_a, sum_b / n_b];
  const spread = (mean: number, n: number, sum: number, squares: number | undefined) =>
    squares === undefined ? mean * (1 - mean) : (squares - (sum * sum) / n) / (n - 1);
  const [va, vb] = [spread(a, n_a, sum_a, sumsq_a) / n_a, spread(b, n_b, sum_b, sumsq_b) / n_b];
  if (!relative) return { estimate: b - a, variance: va + vb, va, vb };
  return { estimate: (b - a) / a, variance: vb / a ** 2 + (va * b ** 2) / a ** 4, va, vb };
}

describe('GrowthBook', () => {
  test('sequential intervals and p-values, both differences and all sides', () => {
    for (const row of growthBook.sequential) {
      const { input, difference, alpha, tuning, side, result } = row;
      const { estimate, variance } = effect(input, difference === 'relative');
      const units = input.n_a + input.n_b;
      const label = JSON.stringify(row);
      const options = { alpha, expectedUnits: tuning, sides: side === 'two_sided' ? 'two' : 'one' } as const;
      const half = asymptoticHalfWidth(units, variance * units, options);
      expectNear(Math.sqrt(variance), result.stderr, label, REFERENCE);
      expectNear(
        side === 'treatment_lesser' ? Number.NEGATIVE_INFINITY : estimate - half,
        result.ci[0]!,
        label,
        REFERENCE,
      );
      expectNear(
        side === 'treatment_greater' ? Number.POSITIVE_INFINITY : estimate + half,
        result.ci[1]!,
        label,
        REFERENCE,
      );
      const signed = side === 'treatment_lesser' ? -estimate : estimate;
      const p = asymptoticPValue(units, signed, variance * units, options);
      if (side === 'two_sided') {
        expectNear(p, result.p_value, label, REFERENCE);
        continue;
      }
      // GrowthBook clips one-sided p-values and searches for them until the half-width is within 1e-4 of the estimate.
      const root2 = units / bestRho({ v: tuning, alpha }, 'one') + 1;
      const halfAt = (error: number) =>
        Math.sqrt(((2 * variance * root2) / (root2 - 1)) * Math.log1p(Math.sqrt(root2) / (2 * error)));
      if (result.p_value >= 0.4999) expect(p, label).toBeGreaterThan(0.499);
      else if (result.p_value <= 1e-5) expect(p, label).toBeLessThanOrEqual(1.01e-5);
      else {
        expectNear(halfAt(p), signed, label);
        expectNear(halfAt(result.p_value), signed, label, { relative: 0, absolute: 1e-4 });
      }
    }
    expect(growthBook.sequential.length).toBe(264);
  });

  test('fixed-horizon t-tests', () => {
    for (const row of growthBook.fixed_horizon) {
      const { input, difference, result } = row;
      const { estimate, variance, va, vb } = effect(input, difference === 'relative');
      const df = (va + vb) ** 2 / (va ** 2 / (input.n_a - 1) + vb ** 2 / (input.n_b - 1));
      expectNear(
        2 * studentTSf(Math.abs(estimate) / Math.sqrt(variance), df),
        result.p_value,
        JSON.stringify(row),
        REFERENCE,
      );
    }
  });

  test('its half-widths and tuning', () => {
    for (const row of growthBook.helpers) {
      const { fn, alpha, tuning, value } = row;
      const label = JSON.stringify(row);
      if (fn === 'sequential_rho')
        expectNear(1 / Math.sqrt(bestRho({ v: tuning, alpha }, row.two_sided ? 'two' : 'one')), value, label);
      else
        expectNear(
          asymptoticHalfWidth(row.n!, row.s2!, {
            alpha,
            expectedUnits: tuning,
            sides: fn.includes('two') ? 'two' : 'one',
          }),
          value,
          label,
        );
    }
  });
});

describe('sample ratios', () => {
  test('the chi-square test of GrowthBook', () => {
    for (const { users, weights, p_value } of srm.fixed_chi2) {
      const total = users[0]! + users[1]!;
      const statistic = users.reduce((sum, n, i) => sum + (n - total * weights[i]!) ** 2 / (total * weights[i]!), 0);
      expectNear(chiSquareSf(statistic, 1), p_value, users.join());
    }
  });

  test('of impossible splits are refused', () => {
    expect(() => splitLogE([1, 2], [1])).toThrow(/2 shares/);
    expect(() => splitLogE([1, -2], [1, 1])).toThrow(/count/);
    expect(splitLogE([0, 0, 0], [1, 2, 3])).toBeCloseTo(0, 12);
  });

  test('the sequential Dirichlet test of ssrm, batch by batch', () => {
    for (const { name, null_probabilities, dirichlet_concentration: concentration, ...row } of srm.sequential) {
      const counts = null_probabilities.map(() => 0);
      let p = 1;
      row.counts_per_batch.forEach((batch, i) => {
        batch.forEach((n, arm) => {
          counts[arm]! += n;
        });
        const logE = splitLogE(counts, null_probabilities, { concentration });
        p = Math.min(p, Math.exp(-logE));
        expectNear(logE, row.log_bayes_factor[i]!, `${name} ${concentration} ${i}`, REFERENCE);
        expectNear(p, row.p_value[i]!, `${name} ${concentration} p ${i}`, REFERENCE);
      });
    }
  });
});

describe('quantiles', () => {
  const of = (arm: string, n: number) => (samples as Readonly<Record<string, readonly number[]>>)[arm]!.slice(0, n);

  test('the two-sided test of confseq', () => {
    for (const { a, b, n_a, n_b, p, t_opt, alpha_opt, p_value, ...row } of quantiles.quantile_ab_p_value) {
      const divisor = 'b_divided_by' in row ? row.b_divided_by : 1;
      const challenger = of(b, n_b).map((value) => value / divisor);
      const logE = quantileDifferenceLogE(of(a, n_a), challenger, { p, expectedSamples: t_opt, alpha: alpha_opt });
      expectNear(Math.min(1, Math.exp(-logE)), p_value, `${a} ${b} ${n_a} ${p}`, REFERENCE);
    }
  });

  test('the sequence of one arm', () => {
    for (const row of quantiles.one_arm_beta_binomial_quantile_cs) {
      const { arm, n, p, alpha, t_opt } = row;
      const own = quantileSequence(of(arm, n), { p, alpha, expectedSamples: t_opt });
      expectNear(own.lower, row.lower, JSON.stringify(row));
      expectNear(own.upper, row.upper, JSON.stringify(row));
    }
  });

  test('no samples say nothing; impossible quantiles and errors are refused', () => {
    expect(quantileDifferenceLogE([], [1], { p: 0.5 })).toBe(0);
    expect(quantileSequence([], { p: 0.5 }).upper).toBe(Number.POSITIVE_INFINITY);
    expect(() => quantileSequence([1], { p: 0 })).toThrow(/quantile/);
    expect(() => distributionBand(10, { from: 1, scale: 0.5 })).toThrow(/scale/);
    expect(() => doubleStitching(1, 10, { tunedFor: 10 })).toThrow(/quantile/);
    expect(asymptoticPValue(0, 1, 1, { expectedUnits: 10 })).toBe(1);
  });

  test('bands over all quantiles', () => {
    for (const { t, alpha, t_min, A, value } of boundaries.empirical_process_lil_bound)
      expectNear(distributionBand(t, { alpha, from: t_min, scale: A }), value, `${t} ${alpha} ${t_min}`, REFERENCE);
    for (const { p, t, alpha, t_opt, delta, s, eta, value } of boundaries.double_stitching_bound)
      expectNear(
        doubleStitching(p, t, { alpha, tunedFor: t_opt, spacing: delta, s, eta }),
        value,
        `${p} ${t}`,
        REFERENCE,
      );
  });
});

test('mSPRT over a sequence of pairs, with its always-valid p-value', () => {
  for (const { a, b, s2, tau2, times, log_lr, always_valid_p } of msprt.sequences) {
    let sum = 0;
    let p = 1;
    a.forEach((value, i) => {
      sum += b[i]! - value;
      const n = i + 1;
      const logE = msprtLogE(n, sum / n, s2, tau2);
      p = Math.min(p, eToP(logE));
      const at = times.indexOf(n);
      if (at < 0) return;
      expectNear(logE, log_lr[at]!, `pairs ${n}`);
      expectNear(p, always_valid_p[at]!, `p ${n}`);
    });
  }
});
