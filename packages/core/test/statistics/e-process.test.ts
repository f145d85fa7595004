import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/foundation/random.js';
import {
  ateBetting,
  bettingLogE,
  conditionalOddsLogE,
  eToP,
  eventsToDetect,
  harmLogE,
  higherAlternatives,
  imbalanceLogE,
  logAddExp,
  logSumExp,
  lowerAlternatives,
  mergedLogE,
  nonInferiorityLogE,
  pairedLogE,
  pairedWorseLogE,
  rankBetting,
  restartedLogE,
  restartMixture,
  restartState,
  riskRatioSequence,
} from '../../src/statistics/index.js';
import betting from '../vectors/betting-ate.json' with { type: 'json' };
import odds from '../vectors/conditional-odds.json' with { type: 'json' };
import eValues from '../vectors/e-values.json' with { type: 'json' };
import shadow from '../vectors/paired-shadow.json' with { type: 'json' };
import ranks from '../vectors/rank-betting.json' with { type: 'json' };
import restart from '../vectors/restart-mixture.json' with { type: 'json' };
import { expectNear } from './near.js';

const toEpochs = (epochs: readonly { pi: number; x: number; n: number }[]) =>
  epochs.map(({ pi, x, n }) => ({ share: pi, challenger: x, total: n }));

describe('conditional odds', () => {
  test('vectors: harm, benefit, imbalance', () => {
    for (const { name, side, theta0, epochs, log_e } of odds.cases) {
      const own =
        side === 'harm'
          ? harmLogE(toEpochs(epochs), theta0)
          : side === 'benefit'
            ? conditionalOddsLogE(toEpochs(epochs), theta0, lowerAlternatives(theta0))
            : imbalanceLogE(toEpochs(epochs));
      expectNear(own, log_e, `${name} ${side} ${theta0}`);
    }
  });

  test('vectors: risk-ratio confidence sequence', () => {
    for (const { name, epochs, alpha, lower, upper } of odds.risk_ratio_confidence_sequence) {
      const own = riskRatioSequence(toEpochs(epochs), { alpha });
      expectNear(own.lower, lower, `${name} lower`, { relative: 1e-6 });
      expectNear(own.upper, upper, `${name} upper`, { relative: 1e-6 });
    }
  });

  test('no events, no evidence', () => {
    expect(harmLogE([])).toBeCloseTo(0, 12);
    expect(riskRatioSequence([])).toEqual({ lower: 0, upper: Number.POSITIVE_INFINITY });
    expect(nonInferiorityLogE([{ share: 0.5, challenger: 0, total: 0 }], 1.1)).toBeCloseTo(0, 12);
  });

  test('impossible epochs are refused', () => {
    expect(() => harmLogE([{ share: 0, challenger: 0, total: 0 }])).toThrow('strictly between 0 and 1');
    expect(() => harmLogE([{ share: 0.5, challenger: 3, total: 2 }])).toThrow('between 0 and total = 2');
    expect(() => harmLogE([{ share: 0.5, challenger: Number.NaN, total: 2 }])).toThrow('challenger');
  });

  test('planning follows the measured sizes: about 1,800 requests for errors 1 % → 5 % at a 5 % share', () => {
    const events = eventsToDetect({ share: 0.05, ratio: 5 });
    const rate = 0.05 * 0.05 + 0.95 * 0.01;
    expect(events / rate).toBeGreaterThan(1_000);
    expect(events / rate).toBeLessThan(2_600);
    expect(eventsToDetect({ share: 0.05, ratio: 1 })).toBe(Number.POSITIVE_INFINITY);
  });

  test('keeps alpha under continuous looks, a ramp and a drifting base rate', () => {
    const random = seededRandom(11);
    const alternatives = higherAlternatives(1, { from: 1.1, to: 20 });
    const shares = [0.01, 0.05, 0.25, 0.5];
    let rejected = 0;
    const runs = 300;
    for (let run = 0; run < runs; run++) {
      const epochs: { share: number; challenger: number; total: number }[] = [];
      for (let e = 0; e < 40; e++) {
        const share = shares[Math.floor(e / 10)]!;
        let challenger = 0;
        const total = 5 + Math.floor(random.next() * 40 * (1 + e / 10));
        for (let i = 0; i < total; i++) if (random.next() < share) challenger++;
        epochs.push({ share, challenger, total });
        if (conditionalOddsLogE(epochs, 1, alternatives) >= Math.log(20)) {
          rejected++;
          break;
        }
      }
    }
    // 5 % of 300 is 15; a z-test at each look rejects about a third.
    expect(rejected).toBeLessThanOrEqual(15);
  });
});

describe('betting', () => {
  test('vectors: average treatment effect, both directions and margins', () => {
    const observations = betting.cases[0]!.observations_arm_y as number[][];
    for (const { epochs, delta, direction, log_e_after_each_epoch, log_wealth_by_fraction } of betting.cases) {
      const wealth = new Float64Array(5);
      let i = 0;
      epochs.forEach(({ pi, m, n }, e) => {
        const rule = ateBetting({
          share: pi,
          centre: m,
          margin: delta,
          direction: direction.startsWith('promote') ? 'promote' : 'harm',
        });
        for (let k = 0; k < n; k++, i++) rule.observe(wealth, observations[i]![0] === 1, observations[i]![1]!);
        expectNear(bettingLogE(wealth), log_e_after_each_epoch[e]!, `${direction} ${delta} epoch ${e}`);
      });
      wealth.forEach((value, k) => {
        expectNear(value, log_wealth_by_fraction[k]!, `wealth ${k}`);
      });
    }
  });

  test('vectors: ranks', () => {
    const { arm, y, epochs } = ranks.cases[0]!;
    const arms = arm as number[];
    const values = y as number[];
    for (const { better, log_e_after_epoch, log_wealth } of ranks.cases) {
      const wealth = new Float64Array(6);
      let i = 0;
      epochs.forEach(({ pi, n }, e) => {
        if (e > 0) {
          const rule = rankBetting({
            share: pi,
            reference: values.slice(0, i),
            better: better === 'larger' ? 'larger' : 'smaller',
          });
          for (let k = i; k < i + n; k++) rule.observe(wealth, arms[k] === 1, values[k]!);
        }
        i += n;
        expectNear(e === 0 ? 0 : bettingLogE(wealth), log_e_after_epoch[e]!, `${better} epoch ${e}`);
      });
      wealth.forEach((value, k) => {
        expectNear(value, log_wealth[k]!, `wealth ${k}`);
      });
    }
  });

  test('states of two replicas add up', () => {
    const rule = rankBetting({ share: 0.3, reference: [1, 2, 3, 4], better: 'larger' });
    const [one, two, all] = [0, 0, 0].map(() => new Float64Array(rule.bets)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    rule.observe(one, true, 1.5);
    rule.observe(two, false, 3);
    rule.observe(all, true, 1.5);
    rule.observe(all, false, 3);
    all.forEach((value, k) => {
      expect(one[k]! + two[k]!).toBeCloseTo(value, 12);
    });
  });

  test('values that break the guarantee are refused', () => {
    expect(() => rankBetting({ share: 0.1, reference: [], better: 'larger' })).toThrow('earlier epoch');
    const rule = ateBetting({ share: 0.5, centre: 1, margin: 0, direction: 'harm', cap: 2 });
    expect(() => rule.observe(new Float64Array(5), true, 2.5)).toThrow('declared cap 2');
    expect(() => rule.observe(new Float64Array(5), true, Number.NaN)).toThrow('cap');
    expect(() => ateBetting({ share: 0.5, centre: 0.5, margin: -1, direction: 'harm' })).toThrow('margin');
  });
});

describe('merging', () => {
  test('vectors: weighted means', () => {
    for (const { e, w, merged } of eValues.merge.weighted_mean)
      expectNear(Math.exp(mergedLogE(e.map(Math.log), w).logE), merged, 'merged');
  });

  test('the cause is the largest weighted e-value, and NaN is no evidence', () => {
    expect(mergedLogE([Math.log(30), Math.log(100), 0], [0.9, 0.05, 0.05]).cause).toBe(0);
    expect(mergedLogE([Number.NaN, Math.log(40)]).logE).toBeCloseTo(Math.log(20), 12);
    expect(mergedLogE([])).toEqual({ logE: Number.NEGATIVE_INFINITY, cause: -1 });
    expect(() => mergedLogE([1], [-1])).toThrow('weight');
    expect(eToP(Math.log(40))).toBeCloseTo(1 / 40, 12);
    expect(eToP(Number.NaN)).toBe(1);
  });

  test('vectors: restart mixture', () => {
    for (const { pi, epochs_x_n, log_e_plain, log_e_restart_mixture } of restart.cases) {
      const alternatives = higherAlternatives(1);
      const state = restartState(alternatives);
      const epochs: { share: number; challenger: number; total: number }[] = [];
      epochs_x_n.forEach(([x, n], i) => {
        const events = { share: pi, challenger: x!, total: n! };
        epochs.push(events);
        expectNear(harmLogE(epochs), log_e_plain[i]!, `plain ${i}`);
        expectNear(restartMixture(state, i + 1, events, 1, alternatives), log_e_restart_mixture[i]!, `restart ${i}`);
      });
    }
  });

  test('a restart mixture over e-values of separate steps is the same with a single bet', () => {
    const bet = { ratios: Float64Array.of(2), logWeights: Float64Array.of(0) };
    const state = restartState(bet);
    const steps = [3, 1, 9, 12].map((challenger) => ({ share: 0.2, challenger, total: 20 }));
    const logEs = steps.map((events) => conditionalOddsLogE([events], 1, bet));
    steps.forEach((events, i) => {
      const expected = restartMixture(state, i + 1, events, 1, bet);
      expect(restartedLogE(logEs.slice(0, i + 1))).toBeCloseTo(expected, 12);
    });
    expect(restartedLogE([])).toBeCloseTo(0, 12);
  });

  test('vectors: paired shadow', () => {
    for (const c of shadow.cases) {
      const pairs = { challengerOnly: c.challenger_only_right, championOnly: c.champion_only_right };
      expectNear(pairedLogE(pairs), c.log_e_two_sided, 'two-sided');
      expectNear(pairedWorseLogE(pairs), c.log_e_challenger_worse, 'worse');
    }
  });

  test('sums of logs neither overflow nor invent', () => {
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 10);
    expect(logSumExp([])).toBe(Number.NEGATIVE_INFINITY);
    expect(logSumExp([1, Number.NaN])).toBeNaN();
    expect(logAddExp(Number.NEGATIVE_INFINITY, 3)).toBe(3);
  });
});
