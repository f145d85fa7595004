import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/foundation/random.js';
import {
  asymptoticHalfWidth,
  bernoulliSequence,
  betaBinomialMixture,
  gammaExponentialMixture,
  gammaPoissonMixture,
  meanBetting,
  meanSequence,
  msprtLogE,
  normalMixture,
  normalMixtureOf,
  polynomialStitching,
} from '../../src/statistics/index.js';
import boundaries from '../vectors/confseq-boundaries.json' with { type: 'json' };
import means from '../vectors/confseq-bounded-mean.json' with { type: 'json' };
import msprt from '../vectors/msprt.json' with { type: 'json' };
import { expectNear } from './near.js';

const REFERENCE = { relative: 1e-6, absolute: 1e-9 };
const sides = (oneSided: boolean) => (oneSided ? 'one' : 'two');

describe('mixtures equal confseq', () => {
  test('normal', () => {
    for (const c of boundaries.normal_log_mixture)
      expectNear(
        normalMixture({ v: c.v_opt, alpha: c.alpha_opt }, sides(c.one_sided)).logE(c.s, c.v),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
    for (const c of boundaries.normal_mixture_bound)
      expectNear(
        normalMixture({ v: c.v_opt, alpha: c.alpha_opt }, sides(c.one_sided)).bound(c.v, c.alpha),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
  });

  test('gamma-exponential and gamma-Poisson', () => {
    for (const c of boundaries.gamma_exponential_log_mixture)
      expectNear(
        gammaExponentialMixture({ v: c.v_opt, alpha: c.alpha_opt }, c.c).logE(c.s, c.v),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
    for (const c of boundaries.gamma_exponential_mixture_bound)
      expectNear(
        gammaExponentialMixture({ v: c.v_opt, alpha: c.alpha_opt }, c.c).bound(c.v, c.alpha),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
    for (const c of boundaries.gamma_poisson_mixture_bound)
      expectNear(
        gammaPoissonMixture({ v: c.v_opt, alpha: c.alpha_opt }, c.c).bound(c.v, c.alpha),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
  });

  test('beta-binomial, and the Bernoulli confidence sequence', () => {
    for (const c of boundaries.beta_binomial_log_mixture)
      expectNear(
        betaBinomialMixture({ v: c.v_opt, alpha: c.alpha_opt }, c.g, c.h, sides(c.one_sided)).logE(c.s, c.v),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
    for (const c of boundaries.beta_binomial_mixture_bound)
      expectNear(
        betaBinomialMixture({ v: c.v_opt, alpha: c.alpha_opt }, c.g, c.h, sides(c.one_sided)).bound(c.v, c.alpha),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
    for (const c of boundaries.bernoulli_confidence_interval) {
      const own = bernoulliSequence(c.successes, c.trials, { alpha: c.alpha, tunedFor: c.t_opt });
      expectNear(own.lower, c.lower, `lower ${JSON.stringify(c)}`, REFERENCE);
      expectNear(own.upper, c.upper, `upper ${JSON.stringify(c)}`, REFERENCE);
    }
  });

  test('polynomial stitching', () => {
    for (const c of boundaries.poly_stitching_bound)
      expectNear(
        polynomialStitching(c.v, c.alpha, { vMin: c.v_min, c: c.c, s: c.s, eta: c.eta }),
        c.value,
        JSON.stringify(c),
        REFERENCE,
      );
  });
});

describe('means', () => {
  test('mSPRT equals its closed form and the two-sided normal mixture', () => {
    for (const { n, s2, tau2, mean_minus_theta0, log_lr, ci_halfwidth } of msprt.values) {
      expectNear(msprtLogE(n, mean_minus_theta0, s2, tau2), log_lr, `n ${n}`);
      const bound = normalMixtureOf((s2 * s2) / tau2, 'two').bound(n * s2, 0.05) / n;
      expectNear(bound, ci_halfwidth['0.05'], `half-width ${n}`);
    }
  });

  test('empirical Bernstein sequence and hedged capital equal the reference at every listed time', () => {
    for (const [name, sequence] of Object.entries(means.sequences))
      for (const alpha of [0.05, 0.01]) {
        const expected = sequence[`alpha_${alpha as 0.05}`];
        const own = meanSequence({ alpha });
        const bets = expected.betting_capital.map(({ m, theta, trunc, log_capital }) => ({
          bet: meanBetting(m, { alpha, share: theta, truncation: trunc }),
          theta,
          log_capital,
        }));
        sequence.x.forEach((value, i) => {
          own.add(value);
          for (const { bet } of bets) bet.add(value);
          const at = means.times.indexOf(i + 1);
          if (at < 0) return;
          const { lower, upper } = expected['predmix_empirical_bernstein_two_sided_trunc0.5'];
          expectNear(own.interval.lower, lower[at]!, `${name} lower ${i}`, REFERENCE);
          expectNear(own.interval.upper, upper[at]!, `${name} upper ${i}`, REFERENCE);
          for (const { bet, theta, log_capital } of bets) {
            // The reference takes the larger leg of the hedge; ours adds both, which is never less and at most twice.
            const larger = Math.max(Math.log(theta) + bet.logUp, Math.log1p(-theta) + bet.logDown);
            expectNear(larger, log_capital[at]!, `${name} capital ${i}`, REFERENCE);
            expect(bet.logE).toBeGreaterThanOrEqual(larger - 1e-12);
            expect(bet.logE).toBeLessThanOrEqual(larger + Math.LN2 + 1e-12);
          }
        });
        expect(own.count).toBe(sequence.x.length);
      }
  });

  test('an empty sequence knows nothing; values outside [0, 1] are refused', () => {
    expect(meanSequence().interval).toEqual({ lower: 0, upper: 1 });
    expect(() => meanSequence().add(1.2)).toThrow('between 0 and 1');
    expect(() => meanBetting(0)).toThrow('strictly between');
    expect(asymptoticHalfWidth(0, 1, { expectedUnits: 10 })).toBe(Number.POSITIVE_INFINITY);
    expect(bernoulliSequence(0, 0, { tunedFor: 10 })).toEqual({ lower: 0, upper: 1 });
  });

  test('one-sided asymptotic intervals are shorter', () => {
    const options = { expectedUnits: 1000, alpha: 0.05 };
    expect(asymptoticHalfWidth(1000, 1, { ...options, sides: 'one' })).toBeLessThan(
      asymptoticHalfWidth(1000, 1, options),
    );
  });

  test('hedged capital keeps alpha at every time', () => {
    const random = seededRandom(21);
    let rejected = 0;
    for (let run = 0; run < 200; run++) {
      const bet = meanBetting(0.3);
      for (let t = 0; t < 300; t++) {
        bet.add(random.next() < 0.3 ? 1 : 0);
        if (bet.logE >= Math.log(20)) {
          rejected++;
          break;
        }
      }
    }
    expect(rejected).toBeLessThanOrEqual(12);
  });
});
