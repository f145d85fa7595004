import { isotonicAt, isotonicFit } from '@millwright/core/statistics';
import { describe, expect, test } from 'vitest';
import {
  applyTemperature,
  averagePrecision,
  averagePrecisionOneVsRest,
  brierOfClasses,
  classCalibration,
  confusionMatrix,
  coverageError,
  decide,
  fBeta,
  fitTemperature,
  hammingLoss,
  labelAveragePrecision,
  labelConfusions,
  labelRankingLoss,
  labelRankingPrecision,
  labelRocAuc,
  labelScore,
  logLossOfClasses,
  type MulticlassRows,
  matrixAccuracy,
  matrixAdjustedAccuracy,
  matrixBalancedAccuracy,
  matrixJaccard,
  matrixKappa,
  matrixMatthews,
  matrixScore,
  oneAgainstRest,
  precision,
  recall,
  rocAucOneVsOne,
  rocAucOneVsRest,
  subsetAccuracy,
  topKAccuracy,
} from '../../src/evaluation/index.js';
import calibrated from '../vectors/calibration.json' with { type: 'json' };
import binary from '../vectors/classification-binary.json' with { type: 'json' };
import multiclass from '../vectors/classification-multiclass.json' with { type: 'json' };
import multilabel from '../vectors/multilabel.json' with { type: 'json' };
import ranking from '../vectors/ranking-sklearn.json' with { type: 'json' };
import { expectMeasure, expectNear } from './near.js';

interface ClassData {
  readonly y_true: number[];
  readonly proba: number[][];
  readonly classes: number;
  readonly weights?: number[];
}
const data: Readonly<Record<string, ClassData>> = multiclass.datasets;

function classRows(name: string, weighted = false): MulticlassRows {
  const { y_true, proba, classes, weights } = data[name]!;
  return { truth: y_true, scores: Float64Array.from(proba.flat()), classes, weights: weighted ? weights : undefined };
}

describe('several classes equal scikit-learn', () => {
  for (const { id, dataset, sample_weight, expected } of multiclass.cases) {
    const rows = classRows(dataset, sample_weight !== null);
    const wanted: Readonly<Record<string, unknown>> = expected;
    const number = (key: string) => wanted[key] as number;

    test(`${id}: decisions`, () => {
      expect(Array.from(decide(rows))).toEqual(expected.y_pred);
      const matrix = confusionMatrix(rows.truth, expected.y_pred, rows.classes, rows.weights);
      expected.confusion_matrix.flat().forEach((count, i) => {
        expectNear(matrix.counts[i]!, count, `${id} cell ${i}`);
      });
      expectMeasure(matrixAccuracy(matrix), expected.accuracy, `${id} accuracy`);
      expectNear(1 - matrixAccuracy(matrix).value!, expected.hamming_loss, `${id} hamming`);
      expectMeasure(matrixBalancedAccuracy(matrix), expected.balanced_accuracy, `${id} balanced`);
      expectMeasure(matrixAdjustedAccuracy(matrix), expected.balanced_accuracy_adjusted, `${id} adjusted`);
      expectMeasure(matrixMatthews(matrix), expected.mcc, `${id} mcc`);
      expectMeasure(matrixKappa(matrix), expected.cohen_kappa_None, `${id} kappa`);
      expectMeasure(matrixKappa(matrix, 'linear'), expected.cohen_kappa_linear, `${id} linear`);
      expectMeasure(matrixKappa(matrix, 'quadratic'), expected.cohen_kappa_quadratic, `${id} quadratic`);
      for (const average of ['micro', 'macro', 'weighted'] as const) {
        const [p, r, f] = expected[`prf_${average}`];
        expectMeasure(matrixScore(matrix, 'precision', average), p!, `${id} precision ${average}`);
        expectMeasure(matrixScore(matrix, 'recall', average), r!, `${id} recall ${average}`);
        expectMeasure(matrixScore(matrix, 'f', average), f!, `${id} f1 ${average}`);
        expectMeasure(matrixScore(matrix, 'f', average, 2), expected[`f2_${average}`], `${id} f2 ${average}`);
        expectMeasure(matrixJaccard(matrix, average), expected[`jaccard_${average}`], `${id} jaccard ${average}`);
      }
      const [p, r, f, support] = expected.prfs_per_class as readonly number[][];
      for (let c = 0; c < rows.classes; c++) {
        const cells = oneAgainstRest(matrix, c);
        expectMeasure(precision(cells), p![c]!, `${id} class ${c}`);
        expectMeasure(recall(cells), r![c]!, `${id} class ${c}`);
        expectMeasure(fBeta(cells), f![c]!, `${id} class ${c}`);
        expectNear(cells.tp + cells.fn, support![c]!, `${id} support ${c}`);
      }
    });

    test(`${id}: scores`, () => {
      for (const average of ['macro', 'weighted'] as const) {
        expectMeasure(rocAucOneVsRest(rows, average), number(`roc_auc_ovr_${average}`), `${id} ovr ${average}`);
        if (`roc_auc_ovo_${average}` in wanted)
          expectMeasure(rocAucOneVsOne(rows, average), number(`roc_auc_ovo_${average}`), `${id} ovo ${average}`);
      }
      expectMeasure(rocAucOneVsRest(rows, 'micro'), expected.roc_auc_ovr_micro_indicator, `${id} micro`);
      expectMeasure(averagePrecisionOneVsRest(rows), expected.average_precision_macro, `${id} ap`);
      expectMeasure(averagePrecisionOneVsRest(rows, 'micro'), expected.average_precision_micro, `${id} ap micro`);
      for (let c = 0; c < rows.classes; c++) {
        const own = averagePrecision({
          truth: Array.from(rows.truth, (y) => Number(y === c)),
          scores: rows.scores.filter((_, i) => i % rows.classes === c),
          weights: rows.weights,
        });
        expectMeasure(own, expected.average_precision_per_class[c]!, `${id} ap ${c}`);
      }
      expectMeasure(brierOfClasses(rows), expected.brier_multiclass_sum, `${id} brier`);
      expectMeasure(logLossOfClasses(rows), expected.log_loss, `${id} log loss`);
      for (const k of [1, 2, 3])
        if (`top_${k}_accuracy` in wanted)
          expectMeasure(topKAccuracy(rows, k), number(`top_${k}_accuracy`), `${id} top ${k}`);
    });
  }

  test('a class that is never predicted has no precision, and neither has the average', () => {
    const matrix = confusionMatrix([0, 1, 2], [0, 1, 1], 3);
    expect(matrixScore(matrix, 'precision', 'macro').undefinedWhy).toBe(
      'class 2 has no precision: it is never predicted',
    );
    expect(matrixAccuracy(confusionMatrix([], [], 2)).undefinedWhy).toBe('there is no row');
    expect(matrixKappa(confusionMatrix([1, 1], [1, 1], 2)).value).toBeUndefined();
    expect(matrixAdjustedAccuracy(confusionMatrix([1, 1], [1, 0], 2)).undefinedWhy).toContain('one class');
  });

  test('a class that does not occur, no rows, and scores that are none', () => {
    const two = { truth: [0, 1], scores: Float64Array.of(0.7, 0.2, 0.1, 0.2, 0.7, 0.1), classes: 3 };
    expect(rocAucOneVsRest(two).undefinedWhy).toBe('class 2: no row is positive');
    expect(rocAucOneVsOne(two).undefinedWhy).toContain('do not both occur');
    expect(averagePrecisionOneVsRest(two).value).toBeUndefined();
    expect(rocAucOneVsRest(two, 'micro').value).toBe(1);
    const none = { truth: [], scores: new Float64Array(0), classes: 3 };
    for (const of of [rocAucOneVsRest, rocAucOneVsOne, logLossOfClasses, brierOfClasses])
      expect(of(none).undefinedWhy).toBe('there is no row');
    expect(topKAccuracy({ ...two, scores: new Float64Array(6).fill(Number.NaN) }, 1).undefinedWhy).toBe(
      'a score is NaN',
    );
    expect(logLossOfClasses({ ...two, scores: new Float64Array(6).fill(2) }).undefinedWhy).toContain('no probability');
    expect(decide({ scores: Float64Array.of(0.5, Number.NaN), classes: 2 })[0]).toBeNaN();
  });
});

describe('several labels equal scikit-learn', () => {
  const sets: Readonly<Record<string, { y_true: number[][]; y_score: number[][] }>> = multilabel.datasets;

  for (const { id, input, threshold, expected } of multilabel.cases)
    test(id, () => {
      const labels = sets[input]!.y_true[0]!.length;
      const truth = sets[input]!.y_true.flat();
      const scores = Float64Array.from(sets[input]!.y_score.flat());
      const decided = { truth, decisions: scores.map((score) => Number(score >= threshold)), labels };
      const scored = { truth, scores, labels };
      const wanted: Readonly<Record<string, unknown>> = expected;
      for (const average of ['micro', 'macro', 'weighted', 'samples'] as const) {
        for (const undefinedAs of [0, 1] as const) {
          const triple = wanted[`prf_${average}_zd${undefinedAs}`] as readonly number[];
          for (const [i, kind] of (['precision', 'recall', 'f'] as const).entries())
            expectMeasure(
              labelScore(decided, kind, { average, undefinedAs }),
              triple[i]!,
              `${id} ${kind} ${average} ${undefinedAs}`,
            );
        }
        const jaccard = labelScore(decided, 'jaccard', { average, undefinedAs: 0 });
        expectMeasure(jaccard, wanted[`jaccard_${average}`] as number, `${id} jaccard ${average}`);
        const ap = labelAveragePrecision(scored, { average, undefinedAs: 0 });
        expectMeasure(ap, wanted[`average_precision_${average}`] as number, `${id} ap ${average}`);
        const area = wanted[`roc_auc_${average}`];
        if (typeof area === 'number') expectMeasure(labelRocAuc(scored, { average }), area, `${id} auc ${average}`);
        else if (average !== 'weighted') expect(labelRocAuc(scored, { average }).value).toBeUndefined();
      }
      expectMeasure(subsetAccuracy(decided), expected.subset_accuracy, `${id} subset`);
      expectMeasure(hammingLoss(decided), expected.hamming_loss, `${id} hamming`);
      labelConfusions(decided).forEach(({ tn, fp, fn, tp }, label) => {
        expect([
          [tn, fp],
          [fn, tp],
        ]).toEqual(expected.multilabel_confusion_matrix[label]);
      });
      expectMeasure(
        labelRankingPrecision(scored, { undefinedAs: 1 }),
        expected.label_ranking_average_precision,
        `${id} lrap`,
      );
      expectMeasure(coverageError(scored), expected.coverage_error, `${id} coverage`);
      expectMeasure(labelRankingLoss(scored, { undefinedAs: 0 }), expected.label_ranking_loss, `${id} ranking loss`);
    });

  test('rankings with ties', () => {
    for (const { input, expected } of ranking.label_ranking) {
      const rows = {
        truth: input.y_true.flat(),
        scores: Float64Array.from(input.y_score.flat()),
        labels: input.y_true[0]!.length,
      };
      expectMeasure(labelRankingPrecision(rows), expected.label_ranking_average_precision, 'lrap');
      expectMeasure(coverageError(rows), expected.coverage_error, 'coverage');
      expectMeasure(labelRankingLoss(rows), expected.label_ranking_loss, 'loss');
    }
  });

  test('a label without a positive has no average, unless a convention is named', () => {
    const rows = { truth: [1, 0, 1, 0], decisions: [1, 0, 0, 0], labels: 2 };
    expect(labelScore(rows, 'recall').undefinedWhy).toBe('label 1: no row is positive');
    expect(labelScore(rows, 'recall', { undefinedAs: 0 }).value).toBe(0.25);
    expect(labelScore(rows, 'recall', { average: 'weighted' }).value).toBe(0.5);
    const scored = { truth: [0, 0], scores: Float64Array.of(0.5, 0.5), labels: 2 };
    expect(labelRankingPrecision(scored).undefinedWhy).toBe('row 0: a row has no label');
    expect(labelRankingLoss(scored).value).toBeUndefined();
    expect(coverageError(scored).value).toBe(0);
    expect(subsetAccuracy({ truth: [], decisions: [], labels: 2 }).undefinedWhy).toBe('there is no row');
  });
});

describe('calibration of several classes', () => {
  test('top label, by class and temperature equal the vectors', () => {
    for (const { id, n_bins, dataset, expected } of calibrated.multiclass) {
      const rows = classRows(dataset.split('#')[1]!);
      const own = classCalibration(rows, n_bins);
      expectMeasure(own.topLabel.ece, expected.top_label_ece, `${id} ece`);
      expectMeasure(own.topLabel.mce, expected.top_label_mce, `${id} mce`);
      expectMeasure(own.classwiseEce, expected.mean_classwise_ece, `${id} classwise`);
      own.classes.forEach(({ ece }, c) => {
        expectMeasure(ece, expected.classwise_ece[c]!, `${id} class ${c}`);
      });
      const { temperature, logLossBefore, logLossAfter } = fitTemperature(rows);
      expectMeasure(temperature, expected.temperature.T, 'T', { relative: 1e-4 });
      expectMeasure(logLossAfter, expected.temperature.nll, 'after');
      expectMeasure(logLossBefore, expected.temperature.nll_before, 'before');
      const scores = applyTemperature(rows, temperature.value!);
      expectMeasure(logLossOfClasses({ ...rows, scores }), expected.temperature.nll, 'applied');
    }
  });

  test('no temperature is best where every row is right, nor without rows', () => {
    const sure = { truth: [0, 1], scores: Float64Array.of(0.9, 0.1, 0.1, 0.9), classes: 2 };
    expect(fitTemperature(sure).temperature.undefinedWhy).toContain('no temperature');
    expect(fitTemperature({ truth: [], scores: new Float64Array(0), classes: 2 }).temperature.value).toBeUndefined();
  });

  test('isotonic calibration equals scikit-learn', () => {
    for (const { dataset, fit_first, expected } of calibrated.isotonic) {
      const { y_true, y_score } = binary.datasets[dataset.split('#')[1] as 'breast_cancer_forest7'];
      const fit = isotonicFit(Float64Array.from(y_score.slice(0, fit_first)), y_true.slice(0, fit_first));
      expected.x_thresholds.forEach((x, i) => {
        expectNear(fit.x[i]!, x, `x ${i}`);
        expectNear(fit.y[i]!, expected.y_thresholds[i]!, `y ${i}`);
      });
      y_score.slice(fit_first).forEach((score, i) => {
        expectNear(isotonicAt(fit, score), expected.pred_rest[i]!, `row ${i}`);
      });
    }
  });
});
