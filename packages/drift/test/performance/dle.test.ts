import { seededRandom } from '@millwright/core';
import { dle, type Learner, type TargetRows } from '@millwright/drift/performance';
import { describe, expect, test } from 'vitest';

/** The error grows with x: a window of large x is a window of large losses. */
function rows(seed: number, count: number, fromX = 0): TargetRows {
  const random = seededRandom(seed);
  const noise = () => random.next() + random.next() + random.next() + random.next() - 2;
  const x = Float64Array.from({ length: count }, () => fromX + (1 - fromX) * random.next());
  const predictions = x.map((value) => 10 + 2 * value);
  const targets = predictions.map((prediction, i) => prediction + (0.2 + x[i]!) * noise());
  return { features: { rows: count, columns: [x] }, predictions, targets };
}

const realised = ({ predictions, targets }: TargetRows) => {
  const losses = targets.map((target, i) => target - predictions[i]!);
  const mean = (of: (loss: number) => number) => losses.reduce((sum, loss) => sum + of(loss), 0) / losses.length;
  return { mae: mean(Math.abs), rmse: Math.sqrt(mean((loss) => loss ** 2)) };
};

describe('dle', () => {
  const estimator = dle(rows(1, 6_000), { margin: 0.1, metrics: ['mae', 'rmse', 'mse', 'mape', 'msle', 'rmsle'] });

  test('knows the losses of windows that are like the reference, and of harder ones', () => {
    for (const [seed, fromX] of [
      [2, 0],
      [3, 0.5],
      [4, 0.8],
    ] as const) {
      const window = rows(seed, 3_000, fromX);
      const { figures } = estimator.estimate(window);
      const truth = realised(window);
      expect(truth.mae).toBeGreaterThan(figures.mae.lower);
      expect(truth.mae).toBeLessThan(figures.mae.upper);
      expect(truth.rmse).toBeGreaterThan(figures.rmse.lower);
      expect(truth.rmse).toBeLessThan(figures.rmse.upper);
    }
    expect(estimator.estimate(rows(2, 3_000)).figures.mae.verdict).toBe('noDrift');
    expect(estimator.estimate(rows(3, 3_000, 0.5)).figures.mae.verdict).toBe('drift');
    expect(estimator.estimate(rows(3, 3_000, 0.5)).sentence).toMatch(/is estimated at/);
  });

  test('the reference figures are the realised ones', () => {
    const { mae, rmse } = realised(rows(1, 6_000));
    expect(estimator.reference.mae).toBeCloseTo(mae, 12);
    expect(estimator.reference.rmse).toBeCloseTo(rmse, 12);
  });

  test('takes any learner: one that knows nothing estimates the mean', () => {
    const blind: Learner = {
      fit: (_, target) => {
        const mean = Array.from(target).reduce((sum, value) => sum + value, 0) / target.length;
        return { predict: ({ rows: count }) => new Float64Array(count).fill(mean) };
      },
    };
    const estimate = dle(rows(1, 6_000), { learner: blind }).estimate(rows(3, 3_000, 0.8));
    expect(estimate.figures.mae.value).toBeCloseTo(estimator.reference.mae!, 1);
  });

  test('a loss that is not defined never passes', () => {
    const reference = rows(1, 400);
    const negative = { ...reference, targets: reference.targets.map((target, i) => (i === 0 ? -5 : target)) };
    expect(dle(negative, { metrics: ['rmsle'] }).estimate(rows(2, 400)).figures.rmsle.verdict).toBe('insufficient');
  });

  test('refuses rows that do not fit', () => {
    expect(() => dle(rows(1, 50))).toThrow('100 rows or more');
    expect(() => dle({ ...rows(1, 200), targets: new Float64Array(3) })).toThrow('targets');
    expect(() => estimator.estimate({ ...rows(1, 9), predictions: new Float64Array(9).fill(Number.NaN) })).toThrow(
      'NaN',
    );
  });
});
