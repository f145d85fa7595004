import { seededRandom } from '@millwright/core';
import { cbpe, compareRealised, type LabelledScores, outputDrift } from '@millwright/drift/performance';
import { describe, expect, test } from 'vitest';

interface World {
  /** Scores are uniform to this power: 1 is even, 2 prefers low ones. */
  readonly mix?: number;
  /** The chance of a positive at a score. Default: the score. */
  readonly chance?: (score: number) => number;
  readonly digits?: number;
}

function rows(seed: number, count: number, { mix = 1, chance = (s) => s, digits = 12 }: World = {}): LabelledScores {
  const random = seededRandom(seed);
  const scores = Float64Array.from({ length: count }, () => Number((random.next() ** mix).toFixed(digits)));
  return { scores, labels: Uint8Array.from(scores, (score) => Number(random.next() < chance(score))) };
}

describe('cbpe', () => {
  test('knows the performance of other traffic without its labels', () => {
    const estimator = cbpe(rows(1, 20_000, { chance: (s) => s ** 2 }));
    expect(estimator.calibration).toBeDefined();
    const later = rows(2, 20_000, { mix: 2, chance: (s) => s ** 2 });
    const { figures } = estimator.estimate({ scores: later.scores });
    const [slice] = compareRealised(estimator, later);
    for (const [name, { realised }] of Object.entries(slice!.figures)) {
      const figure = figures[name as keyof typeof figures];
      expect(realised, name).toBeGreaterThan(figure.lower);
      expect(realised, name).toBeLessThan(figure.upper);
    }
    expect(figures.recall.verdict).toBe('drift');
  });

  test('the band holds the truth: 3 sigma, in all but a few of 200 windows', () => {
    const estimator = cbpe(rows(1, 5_000, { chance: (s) => s ** 1.5 }));
    let outside = 0;
    for (let seed = 100; seed < 300; seed++) {
      const window = rows(seed, 500, { chance: (s) => s ** 1.5 });
      const { figures } = estimator.estimate(window);
      const { realised } = compareRealised(estimator, window)[0]!.figures.accuracy;
      if (realised < figures.accuracy.lower || realised > figures.accuracy.upper) outside++;
    }
    expect(outside).toBeLessThanOrEqual(3);
  });

  test('takes calibrated scores as they are, and calibrates others', () => {
    expect(cbpe(rows(1, 4_000)).calibration).toBeUndefined();
    expect(cbpe(rows(1, 4_000, { chance: (s) => s / 2 })).calibration).toBeDefined();
    expect(cbpe(rows(1, 4_000), { calibrate: 'always' }).calibration).toBeDefined();
    const margins = rows(1, 4_000);
    expect(cbpe({ ...margins, scores: margins.scores.map((s) => 10 * s - 5) }).calibration).toBeDefined();
  });

  test('does not depend on the order of rows, however many scores are equal', () => {
    const estimator = cbpe(rows(1, 3_000, { digits: 1 }));
    const { scores } = rows(2, 500, { digits: 1 });
    const forwards = estimator.estimate({ scores }).figures.rocAuc.value;
    expect(estimator.estimate({ scores: scores.toReversed() }).figures.rocAuc.value).toBeCloseTo(forwards, 12);
  });

  test('the expected area is that of all labellings, weighed by their chance', () => {
    const estimator = cbpe(rows(1, 3_000), { calibrate: 'never' });
    const scores = Float64Array.of(0.2, 0.6, 0.6, 0.9);
    let [won, pairs] = [0, 0];
    for (let labels = 0; labels < 16; labels++) {
      let chance = 1;
      const positive = [...scores].map((score, i) => {
        const is = ((labels >> i) & 1) === 1;
        chance *= is ? score : 1 - score;
        return is;
      });
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 4; j++) {
          if (!positive[i] || positive[j]) continue;
          pairs += chance;
          won += chance * (scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0);
        }
    }
    expect(estimator.estimate({ scores }).figures.rocAuc.value).toBeCloseTo(won / pairs, 12);
  });

  test('a figure that the rows do not define never passes', () => {
    const { figures, sentence } = cbpe(rows(1, 3_000)).estimate({
      scores: Float64Array.of(0.1, 0.2),
      predictions: [0, 0],
    });
    expect(figures.precision).toMatchObject({ verdict: 'insufficient', undefinedWhy: 'no row defines it' });
    expect(sentence).toContain('cannot tell');
    expect(cbpe(rows(1, 3_000)).estimate({ scores: new Float64Array(0) }).figures.accuracy.verdict).toBe(
      'insufficient',
    );
  });

  test('says how many rows are missing, and that these are enough', () => {
    const estimator = cbpe(rows(1, 200_000), { margin: 0.03 });
    const few = estimator.estimate({ scores: rows(2, 300).scores }).figures.accuracy;
    expect(few.verdict).toBe('insufficient');
    const enough = 300 + 2 * few.need!.rows!;
    expect(estimator.estimate({ scores: rows(3, enough).scores }).figures.accuracy.verdict).toBe('noDrift');
  });

  test.each([
    ['a NaN score', { scores: Float64Array.of(Number.NaN, 1), labels: [0, 1] }, 'scores[0]'],
    ['unequal lengths', { scores: Float64Array.of(0.5), labels: [0, 1] }, 'labels'],
    ['one class', { scores: new Float64Array(9).fill(0.5), labels: new Uint8Array(9) }, 'two rows of each class'],
    ['a label that has not come', { scores: Float64Array.of(0.1, 0.2), labels: [0, Number.NaN] }, 'labels[1]'],
  ])('refuses a reference with %s', (_, reference, message) => {
    expect(() => cbpe(reference)).toThrow(message);
  });
});

describe('realised against estimated', () => {
  test('names the slice whose concept has changed, on the rows whose labels have come', () => {
    const estimator = cbpe(rows(1, 20_000));
    const good = rows(2, 4_000);
    const bad = rows(3, 4_000, { chance: (s) => 0.5 + (s - 0.5) / 3 });
    const window = {
      scores: Float64Array.of(...good.scores, ...bad.scores),
      // Only every second label is there.
      labels: Float64Array.of(...Array.from(good.labels), ...Array.from(bad.labels)).map((label, i) =>
        i % 2 === 0 ? label : Number.NaN,
      ),
      slices: [...Array(4_000).fill('north'), ...Array(4_000).fill('south')],
    };
    const [north, south] = compareRealised(estimator, window);
    expect(north).toMatchObject({ slice: 'north', rows: 4_000, labelled: 2_000 });
    expect(north!.figures.accuracy.verdict).not.toBe('drift');
    expect(south!.figures.accuracy.verdict).toBe('drift');
    expect(south!.figures.accuracy.realised).toBeLessThan(south!.figures.accuracy.estimated - 0.1);
  });

  test('without labels the answer is open', () => {
    const { scores } = rows(2, 100);
    const [all] = compareRealised(cbpe(rows(1, 2_000)), { scores, labels: new Float64Array(100).fill(Number.NaN) });
    expect(all).toMatchObject({ slice: 'all', labelled: 0 });
    for (const { verdict } of Object.values(all!.figures)) expect(verdict).toBe('insufficient');
  });
});

describe('what the model says', () => {
  test('other traffic moves predictions and confidence, not calibration', () => {
    const result = outputDrift(rows(1, 8_000), rows(2, 8_000, { mix: 2 }));
    expect(result.prediction.verdict).toBe('drift');
    expect(result.confidence.verdict).toBe('drift');
    expect(result.label?.verdict).toBe('drift');
    expect(result.calibration?.verdict).toBe('noDrift');
  });

  test('a changed concept moves calibration, not confidence', () => {
    const result = outputDrift(rows(1, 8_000), rows(2, 8_000, { chance: (s) => 0.5 + (s - 0.5) / 3 }));
    expect(result.confidence.verdict).toBe('noDrift');
    expect(result.calibration?.verdict).toBe('drift');
    expect(result.calibration?.parts[0]?.label).toMatch(/score/);
  });

  test('calibration is undefined without labels, and alarms for nothing in at most 5 % of runs', () => {
    expect(outputDrift({ scores: rows(1, 99).scores }, rows(2, 99)).calibration).toBeUndefined();
    const runs = 400;
    let rejected = 0;
    for (let seed = 1; seed <= runs; seed++)
      if (outputDrift(rows(2 * seed, 400), rows(2 * seed + 1, 300)).calibration!.pValue! <= 0.05) rejected++;
    expect(rejected / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
  });
});
