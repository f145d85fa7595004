import { seededRandom } from '@millwright/core';
import { type ClassScores, cbpe, cbpeMulticlass } from '@millwright/drift/performance';
import { describe, expect, test } from 'vitest';

/** Rows of three classes whose scores are the chances, and labels drawn from `truth` of them. */
function rows(seed: number, count: number, truth = (chances: readonly number[]) => chances, sharpness = 3) {
  const random = seededRandom(seed);
  const scores = [0, 1, 2].map(() => new Float64Array(count));
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const raw = [0, 1, 2].map(() => random.next() ** sharpness);
    const sum = raw[0]! + raw[1]! + raw[2]!;
    const chances = raw.map((value) => value / sum);
    for (let k = 0; k < 3; k++) scores[k]![i] = chances[k]!;
    const of = truth(chances);
    const u = random.next() * (of[0]! + of[1]! + of[2]!);
    labels[i] = u < of[0]! ? 0 : u < of[0]! + of[1]! ? 1 : 2;
  }
  return { scores, labels };
}

/** Realised figures of labelled rows: what an estimator that has them as its reference says. */
const realised = (of: ReturnType<typeof rows>) => cbpeMulticlass(of, { refits: 2 }).reference;

describe('CBPE of three classes', () => {
  const reference = rows(1, 6_000);

  test('estimates what labels would show, within its band', () => {
    const estimator = cbpeMulticlass(reference);
    for (const seed of [2, 3, 4]) {
      const window = rows(seed, 4_000);
      const truth = realised(window);
      const { figures } = estimator.estimate(window);
      for (const name of ['accuracy', 'precision', 'recall', 'f1', 'rocAuc'] as const) {
        expect(figures[name].lower).toBeLessThan(truth[name]);
        expect(figures[name].upper).toBeGreaterThan(truth[name]);
        expect(Math.abs(figures[name].value - truth[name])).toBeLessThan(0.03);
      }
    }
  });

  test('sees a window of harder rows, which has no labels', () => {
    const harder = rows(5, 6_000, undefined, 1);
    const { figures, sentence } = cbpeMulticlass(reference).estimate(harder);
    expect(figures.accuracy.verdict).toBe('drift');
    expect(figures.accuracy.value).toBeCloseTo(realised(harder).accuracy, 1);
    expect(sentence).toMatch(/accuracy|precision|recall|f1|rocAuc/i);
    const same = cbpeMulticlass(reference, { margin: 0.05 }).estimate(rows(6, 6_000));
    expect(same.figures.accuracy.verdict).toBe('noDrift');
  });

  test('scores that are too sure are calibrated, each class against the others', () => {
    // Labels are nearer to chance than the scores say.
    const flat = (chances: readonly number[]) => chances.map((chance) => chance + 0.5);
    const sure = rows(7, 8_000, flat);
    const window = rows(8, 8_000, flat);
    const estimator = cbpeMulticlass(sure);
    expect(estimator.calibrated).toBe(true);
    const truth = realised(window).accuracy;
    expect(Math.abs(estimator.estimate(window).figures.accuracy.value - truth)).toBeLessThan(0.02);
    const trusting = cbpeMulticlass(sure, { calibrate: 'never' }).estimate(window).figures.accuracy.value;
    expect(trusting - truth).toBeGreaterThan(0.1);
  });

  test('of two classes it is the mean of both sides of the binary estimate', () => {
    const random = seededRandom(9);
    const scores = Float64Array.from({ length: 3_000 }, () => random.next());
    const labels = Uint8Array.from(scores, (score) => Number(random.next() < score));
    const options = { calibrate: 'never' } as const;
    const binary = cbpe({ scores, labels }, options).estimate({ scores }).figures;
    const both = { scores: [scores.map((score) => 1 - score), scores], labels };
    const { figures } = cbpeMulticlass(both, options).estimate(both);
    expect(figures.accuracy.value).toBeCloseTo(binary.accuracy.value, 10);
    expect(figures.rocAuc.value).toBeCloseTo(binary.rocAuc.value, 10);
    expect(figures.recall.value).toBeCloseTo((binary.recall.value + binary.specificity.value) / 2, 10);
  });

  test('rows that no class claims have equal chances; the caller’s scores are not changed', () => {
    const nobody: ClassScores = { scores: [0, 1, 2].map(() => new Float64Array(50)) };
    const estimator = cbpeMulticlass(reference, { calibrate: 'never' });
    expect(estimator.estimate(nobody).figures.accuracy.value).toBeCloseTo(1 / 3, 12);
    const window = rows(10, 100);
    const before = window.scores.map((of) => of.slice());
    cbpeMulticlass(reference, { calibrate: 'always', refits: 2 }).estimate(window);
    expect(window.scores).toEqual(before);
  });

  test.each([
    ['another number of classes', { scores: [new Float64Array(3), new Float64Array(3)] }],
    ['unequal lengths', { scores: [new Float64Array(3), new Float64Array(3), new Float64Array(2)] }],
    ['NaN', { scores: [Float64Array.of(0, Number.NaN), new Float64Array(2), new Float64Array(2)] }],
    ['an answer that is no class', { scores: [0, 1, 2].map(() => new Float64Array(1)), predictions: [3] }],
  ])('%s is refused', (_, window) => {
    expect(() => cbpeMulticlass(reference, { refits: 2 }).estimate(window)).toThrow(/Expected/);
  });

  test('a reference without two rows of each class is refused', () => {
    const { scores } = reference;
    expect(() => cbpeMulticlass({ scores, labels: new Uint8Array(6_000) })).toThrow(/two rows of each class/);
  });
});
