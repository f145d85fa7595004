import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/foundation/random.js';
import { quantileHarmLogE } from '../../src/statistics/index.js';
import vectors from '../vectors/quantile-one-sided.json' with { type: 'json' };

const samples = vectors.samples as Readonly<Record<string, readonly number[]>>;

describe('quantileHarmLogE', () => {
  test('equals the reference, margins included', () => {
    for (const one of vectors.cases) {
      const champion = samples[one.champion]!.slice(0, one.n_champion);
      const challenger = samples[one.canary]!.slice(0, one.n_canary);
      const { p, margin, t_opt, alpha_opt } = one;
      const logE = quantileHarmLogE(champion, challenger, { p, margin, expectedSamples: t_opt, alpha: alpha_opt });
      expect(Math.abs(logE - one.log_e_canary_slower), JSON.stringify(one)).toBeLessThan(
        1e-6 * Math.max(1, Math.abs(logE)),
      );
    }
  });

  test('looking at every hundredth request, equal arms are seldom found different', () => {
    const random = seededRandom(4);
    const draw = () => -Math.log(1 - random.next());
    let alarms = 0;
    for (let run = 0; run < 60; run++) {
      const a: number[] = [];
      const b: number[] = [];
      for (let look = 0; look < 8; look++) {
        for (let i = 0; i < 100; i++) (random.next() < 0.5 ? a : b).push(draw());
        if (quantileHarmLogE(a, b, { p: 0.9 }) >= Math.log(20)) {
          alarms++;
          break;
        }
      }
    }
    expect(alarms / 60).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 60));
  });

  test('no samples are no evidence; NaN and impossible quantiles are refused', () => {
    expect(quantileHarmLogE([], [1], { p: 0.5 })).toBe(0);
    expect(() => quantileHarmLogE([Number.NaN], [1], { p: 0.5 })).toThrow(/NaN/);
    expect(() => quantileHarmLogE([1], [1], { p: 1 })).toThrow(/quantile/);
  });
});
