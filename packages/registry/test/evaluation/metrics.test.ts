import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accuracy,
  acrossOutputs,
  averagePrecision,
  balancedAccuracy,
  bias,
  brier,
  calibration,
  cohenKappa,
  confusion,
  confusionMatrix,
  detCurve,
  explainedVariance,
  fBeta,
  intervalScores,
  jaccard,
  likelihoodRatios,
  logLoss,
  type Measure,
  matrixBalancedAccuracy,
  matrixJaccard,
  matrixKappa,
  matrixMatthews,
  matrixScore,
  matthews,
  maxError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogError,
  medianAbsoluteError,
  metricsOf,
  negativePredictiveValue,
  partialRocAuc,
  pinballExplained,
  pinballLoss,
  precision,
  precisionRecallCurve,
  recall,
  rocAuc,
  rocCurve,
  rootMeanSquaredError,
  rSquared,
  specificity,
  tweedieDeviance,
  tweedieExplained,
  weightedAbsolutePercentageError,
} from '../../src/evaluation/index.js';
import calibrated from '../vectors/calibration.json' with { type: 'json' };
import binary from '../vectors/classification-binary.json' with { type: 'json' };
import edge from '../vectors/classification-edge.json' with { type: 'json' };
import regression from '../vectors/regression.json' with { type: 'json' };
import { expectMeasure, expectNear, toNumber } from './near.js';

describe('binary classification equals scikit-learn', () => {
  const datasets: Readonly<Record<string, { y_true: number[]; y_score: number[] }>> = binary.datasets;
  const weighting: Readonly<Record<string, number[]>> = binary.weights;

  test('every case, threshold and weighting', () => {
    for (const { id, dataset, threshold, sample_weight, expected } of binary.cases) {
      const { y_true: truth, y_score } = datasets[dataset]!;
      const weights = sample_weight === null ? undefined : weighting[sample_weight];
      const scores = Float64Array.from(y_score);
      const cells = confusion(
        truth,
        y_score.map((score) => Number(score >= threshold)),
        weights,
      );
      const [[tn, fp], [fn, tp]] = expected.confusion_matrix as [[number, number], [number, number]];
      for (const [own, wanted] of [
        [cells.tn, tn],
        [cells.fp, fp],
        [cells.fn, fn],
        [cells.tp, tp],
      ] as const)
        expectNear(own, wanted, `${id} cells`);
      const all = tp + fp + fn + tn;
      for (const [by, shares] of [
        ['true', [cells.tn / (tn + fp), cells.fp / (tn + fp), cells.fn / (fn + tp), cells.tp / (fn + tp)]],
        ['pred', [cells.tn / (tn + fn), cells.fp / (fp + tp), cells.fn / (tn + fn), cells.tp / (fp + tp)]],
        ['all', [cells.tn / all, cells.fp / all, cells.fn / all, cells.tp / all]],
      ] as const)
        shares.forEach((share, i) => {
          expectNear(share, expected[`confusion_matrix_${by}`].flat()[i]!, `${id} cells by ${by}`);
        });
      expectNear(1 - accuracy(cells).value!, expected.zero_one_loss, `${id} zero-one loss`);
      const pairs: [string, Measure, number | string | null][] = [
        ['accuracy', accuracy(cells), expected.accuracy],
        ['balanced accuracy', balancedAccuracy(cells), expected.balanced_accuracy],
        ['precision', precision(cells), expected.precision],
        ['recall', recall(cells), expected.recall],
        ['specificity', specificity(cells), expected.specificity],
        ['npv', negativePredictiveValue(cells), expected.npv],
        ['f0.5', fBeta(cells, 0.5), expected['fbeta_0.5']],
        ['f1', fBeta(cells), expected.fbeta_1],
        ['f2', fBeta(cells, 2), expected.fbeta_2],
        ['jaccard', jaccard(cells), expected.jaccard],
        ['mcc', matthews(cells), expected.mcc],
        ['kappa', cohenKappa(cells), expected.cohen_kappa],
        ['auc', rocAuc({ truth, scores, weights }), expected.roc_auc],
        ['ap', averagePrecision({ truth, scores, weights }), expected.average_precision],
        ['auc 0.1', partialRocAuc({ truth, scores, weights }, 0.1), expected['partial_roc_auc_max_fpr_0.1']],
        ['auc 0.3', partialRocAuc({ truth, scores, weights }, 0.3), expected['partial_roc_auc_max_fpr_0.3']],
        ['log loss', logLoss({ truth, scores, weights }), expected.log_loss],
        ['brier', brier({ truth, scores, weights }), expected.brier],
      ];
      for (const [name, measure, wanted] of pairs) expectMeasure(measure, wanted, `${id} ${name}`);
      const [positive, negative] = expected.class_likelihood_ratios;
      const ratios = likelihoodRatios(cells);
      if (typeof positive === 'number') expectMeasure(ratios.positive, positive, `${id} LR+`);
      expectMeasure(ratios.negative, negative!, `${id} LR-`);
    }
  });

  test('curves', () => {
    for (const { id, kind, dataset, drop_intermediate, expected } of binary.curves as readonly CurveCase[]) {
      const rows = { truth: datasets[dataset]!.y_true, scores: Float64Array.from(datasets[dataset]!.y_score) };
      const curve: object =
        kind === 'roc_curve'
          ? rocCurve(rows, { keepAll: drop_intermediate === false })
          : kind === 'det_curve'
            ? detCurve(rows)
            : precisionRecallCurve(rows);
      const own = new Map(Object.entries(curve) as [string, Float64Array][]);
      for (const [name, wanted] of Object.entries(expected)) {
        const values = own.get(CURVE_NAMES[name]!)!;
        expect(values.length, `${id} ${name}`).toBe(wanted.length);
        // The first threshold of a ROC curve was the highest score plus 1 in that release; it is infinite since.
        wanted.forEach((value, i) => {
          const first = kind === 'roc_curve' && name === 'thresholds' && i === 0;
          expectNear(values[i]!, first ? Number.POSITIVE_INFINITY : value, `${id} ${name} ${i}`);
        });
      }
    }
    const oneClass = { truth: [1, 1], scores: Float64Array.of(0.1, 0.2) };
    expect(rocCurve(oneClass)).toEqual({ undefinedWhy: 'no row is negative' });
    expect(detCurve(oneClass)).toEqual({ undefinedWhy: 'no row is negative' });
    expect(precisionRecallCurve({ truth: [0], scores: Float64Array.of(0.1) })).toEqual({
      undefinedWhy: 'no row is positive',
    });
  });

  test('edges: what is 0/0 is undefined with a reason, where the tool has a number or an error', () => {
    for (const { id, input, expected } of edge.cases) {
      if (input.y_score === null || id === 'empty') continue;
      const truth = input.y_true as number[];
      const scores = Float64Array.from(input.y_score);
      const cells = confusion(truth, input.y_pred as number[]);
      expectMeasure(accuracy(cells), expected.accuracy, `${id} accuracy`);
      expectMeasure(brier({ truth, scores }), expected.brier as number, `${id} brier`);
      expectMeasure(logLoss({ truth, scores }), expected.log_loss_labels01 as number, `${id} log loss`);
      const auc = rocAuc({ truth, scores });
      if (typeof expected.roc_auc === 'number') expectMeasure(auc, expected.roc_auc, `${id} auc`);
      else expect(auc.undefinedWhy, id).toMatch(/no row is (positive|negative)/);
    }
    const oneClass = confusion([0, 0, 0], [0, 0, 0]);
    expect(matthews(oneClass)).toMatchObject({ undefinedWhy: 'truth or decisions have one class only' });
    expect(balancedAccuracy(oneClass)).toMatchObject({ undefinedWhy: 'no row is positive' });
    expect(precision(oneClass).undefinedWhy).toBe('nothing was decided positive');
    expect(fBeta(oneClass).value).toBeUndefined();
    expect(averagePrecision({ truth: [0, 0], scores: Float64Array.of(0.1, 0.2) }).undefinedWhy).toBe(
      'no row is positive',
    );
    expect(rocAuc({ truth: [], scores: new Float64Array(0) }).undefinedWhy).toBe('there is no row');
    expect(rocAuc({ truth: [0, 1], scores: Float64Array.of(0.1, Number.NaN) }).undefinedWhy).toBe('a score is NaN');
    expect(logLoss({ truth: [1], scores: Float64Array.of(1.5) }).undefinedWhy).toContain('no probability');
  });

  test('averages over classes: where the tool’s answer depends on `zero_division`, ours is undefined', () => {
    for (const { id, input, expected } of edge.cases) {
      const names = [...new Set([...input.y_true, ...input.y_pred])].sort();
      const indices = (labels: readonly (string | number)[]) => labels.map((label) => names.indexOf(label));
      const matrix = confusionMatrix(indices(input.y_true), indices(input.y_pred), Math.max(1, names.length));
      const [zero, one]: readonly Averages[] = [expected.zero_division_0, expected.zero_division_1];
      for (const average of ['micro', 'macro', 'weighted'] as const)
        for (const [i, kind] of (['precision', 'recall', 'f'] as const).entries()) {
          const own = matrixScore(matrix, kind, average);
          const where = `${id} ${kind} ${average}`;
          // A class that was asked for and does not occur is left out, where the tool counts it as 0 or 1.
          if (id === 'labels_param_with_absent_class' && average === 'macro') expectNear(own.value!, 2 / 3, where);
          else if (toNumber(zero![average][i]!) === toNumber(one![average][i]!))
            expectMeasure(own, zero![average][i]!, where);
          else expect(own.value, where).toBeUndefined();
        }
      const jaccards = [zero!, one!].map(({ jaccard_macro }) => toNumber(jaccard_macro));
      if (jaccards[0] === jaccards[1])
        expectMeasure(matrixJaccard(matrix, 'macro'), zero!.jaccard_macro, `${id} jaccard`);
      // The tool says 0 where correlation has no meaning, and NaN for the same rows where agreement has none.
      const oneClass = names.length < 2;
      if (oneClass) expect(matrixMatthews(matrix).value ?? matrixKappa(matrix).value, id).toBeUndefined();
      else if (id !== 'no_predicted_positive') expectMeasure(matrixMatthews(matrix), expected.mcc, `${id} mcc`);
      if (!oneClass) {
        expectMeasure(matrixKappa(matrix), expected.cohen_kappa, `${id} kappa`);
        expectMeasure(matrixBalancedAccuracy(matrix), expected.balanced_accuracy, `${id} balanced accuracy`);
      }
    }
  });

  test('all scores tied give an area of exactly one half', () => {
    expect(rocAuc({ truth: [0, 1, 1, 0, 1], scores: new Float64Array(5).fill(0.1) }).value).toBe(0.5);
  });
});

test('no metric of cells is a number for 0/0: every table of up to six rows', () => {
  const cellMetrics = metricsOf('binary').flatMap((metric) => (metric.kind === 'cells' ? [metric] : []));
  let tables = 0;
  for (let tp = 0; tp <= 6; tp++)
    for (let fp = 0; fp + tp <= 6; fp++)
      for (let fn = 0; fn + fp + tp <= 6; fn++)
        for (let tn = 0; tn + fn + fp + tp <= 6; tn++) {
          tables++;
          for (const { name, of } of cellMetrics) {
            const measure = of({ tp, fp, fn, tn });
            const where = `${name} of ${tp} ${fp} ${fn} ${tn}`;
            if (measure.value === undefined) expect(measure.undefinedWhy, where).not.toBe('');
            else expect(Number.isFinite(measure.value), where).toBe(true);
          }
          if (tp + fn === 0) expect(recall({ tp, fp, fn, tn }).value).toBeUndefined();
          if (tp + fp === 0) expect(precision({ tp, fp, fn, tn }).value).toBeUndefined();
          if (tp + fp + fn + tn === 0) expect(accuracy({ tp, fp, fn, tn }).value).toBeUndefined();
        }
  expect(tables).toBe(210);
});

test('area under the curve: ties by hand, symmetry, invariance under monotone maps', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 })), { minLength: 2, maxLength: 40 }),
      (rows) => {
        const truth = rows.map(([y]) => Number(y));
        const scores = Float64Array.from(rows, ([, s]) => s / 10);
        let wins = 0;
        let pairs = 0;
        truth.forEach((y, i) => {
          truth.forEach((z, j) => {
            if (y !== 1 || z !== 0) return;
            pairs++;
            wins += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
          });
        });
        const own = rocAuc({ truth, scores });
        if (pairs === 0) expect(own.value).toBeUndefined();
        else {
          expectMeasure(own, wins / pairs, 'auc');
          expectMeasure(rocAuc({ truth, scores: scores.map((s) => Math.exp(3 * s)) }), wins / pairs, 'mapped');
          expectMeasure(rocAuc({ truth, scores: scores.map((s) => -s) }), 1 - wins / pairs, 'mirrored');
        }
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

describe('regression equals scikit-learn', () => {
  const datasets: Readonly<Record<string, { y_true: number[]; y_pred: number[] }>> = regression.datasets;

  test('every case', () => {
    for (const { id, dataset, sample_weight, expected } of regression.cases) {
      const rows = {
        truth: Float64Array.from(datasets[dataset]!.y_true),
        predicted: Float64Array.from(datasets[dataset]!.y_pred),
        weights: sample_weight === null ? undefined : regression.weights.w,
      };
      expectMeasure(meanAbsoluteError(rows), expected.mae, `${id} mae`);
      expectMeasure(meanSquaredError(rows), expected.mse, `${id} mse`);
      expectMeasure(rootMeanSquaredError(rows), expected.rmse, `${id} rmse`);
      expectMeasure(rSquared(rows), expected.r2, `${id} r2`);
      expectMeasure(explainedVariance(rows), expected.explained_variance, `${id} ev`);
      expectMeasure(maxError(rows), expected.max_error, `${id} max`);
      expectMeasure(medianAbsoluteError(rows), expected.medae, `${id} medae`);
      expectMeasure(meanAbsolutePercentageError(rows), expected.mape, `${id} mape`);
      expectMeasure(meanSquaredLogError(rows), expected.msle, `${id} msle`);
      expectMeasure(bias(rows), expected.bias_mean_error, `${id} bias`);
      expectMeasure(tweedieDeviance(rows, 1), expected.mean_poisson_deviance, `${id} poisson`);
      expectMeasure(tweedieDeviance(rows, 2), expected.mean_gamma_deviance, `${id} gamma`);
      expectMeasure(pinballExplained(rows), expected.d2_absolute_error, `${id} d2 absolute`);
      for (const power of [-1, 0, 1, 1.5, 2, 3] as const) {
        expectMeasure(tweedieDeviance(rows, power), expected[`mean_tweedie_deviance_p${power}`], `${id} p${power}`);
        expectMeasure(tweedieExplained(rows, power), expected[`d2_tweedie_p${power}`], `${id} d2 p${power}`);
      }
      for (const q of [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95] as const) {
        expectMeasure(pinballLoss(rows, q), expected[`pinball_${q}`], `${id} pinball ${q}`);
        expectMeasure(pinballExplained(rows, q), expected[`d2_pinball_${q}`], `${id} d2 pinball ${q}`);
      }
    }
    for (const { lower, upper, expected } of regression.interval) {
      const truth = Float64Array.from(datasets[lower]!.y_true);
      const own = intervalScores(
        truth,
        Float64Array.from(datasets[lower]!.y_pred),
        Float64Array.from(datasets[upper]!.y_pred),
        0.2,
      );
      expectMeasure(own.coverage, expected.coverage, 'coverage');
      expectMeasure(own.meanWidth, expected.mean_width, 'width');
      expectMeasure(own.winkler, expected.winkler_alpha_0_2, 'winkler');
    }
  });

  test('edges: values outside of a domain are refused, not clamped; a constant truth explains nothing', () => {
    for (const { id, input, expected } of regression.edge_cases) {
      const rows = { truth: Float64Array.from(input.y_true), predicted: Float64Array.from(input.y_pred) };
      const wanted: Readonly<Record<string, unknown>> = expected;
      const check = (own: Measure, key: string) => {
        if (typeof wanted[key] === 'number') expectMeasure(own, wanted[key], `${id} ${key}`);
        else expect(own.value, `${id} ${key}`).toBeUndefined();
      };
      check(meanAbsoluteError(rows), 'mae');
      check(meanSquaredError(rows), 'mse');
      check(meanSquaredLogError(rows), 'msle');
      check(meanAbsolutePercentageError(rows), 'mape');
      check(medianAbsoluteError(rows), 'medae');
      check(maxError(rows), 'max_error');
      check(bias(rows), 'bias_mean_error');
      for (const power of [-1, 0, 1, 1.5, 2, 3]) {
        check(tweedieDeviance(rows, power), `mean_tweedie_deviance_p${power}`);
        if (id.startsWith('constant'))
          expect(tweedieExplained(rows, power).undefinedWhy).toBe('every truth is the same');
      }
      for (const q of [0.05, 0.5, 0.95]) {
        check(pinballLoss(rows, q), `pinball_${q}`);
        if (id.startsWith('constant')) expect(pinballExplained(rows, q).undefinedWhy).toBe('every truth is the same');
      }
    }
    const one = { truth: Float64Array.of(1), predicted: Float64Array.of(2) };
    expect(tweedieDeviance(one, 0.5).undefinedWhy).toBe('no Tweedie distribution has the power 0.5');
  });

  test('several outputs', () => {
    const { y_true, y_pred, expected } = regression.multioutput;
    const outputs = [0, 1].map((k) => ({
      truth: Float64Array.from(y_true, (row) => row[k]!),
      predicted: Float64Array.from(y_pred, (row) => row[k]!),
    }));
    for (const [k, rows] of outputs.entries()) {
      expectMeasure(rSquared(rows), expected.r2_score_raw_values[k]!, `r2 ${k}`);
      expectMeasure(explainedVariance(rows), expected.explained_variance_score_raw_values[k]!, `ev ${k}`);
      expectMeasure(meanAbsoluteError(rows), expected.mean_absolute_error_raw_values[k]!, `mae ${k}`);
      expectMeasure(meanSquaredError(rows), expected.mean_squared_error_raw_values[k]!, `mse ${k}`);
    }
    expectMeasure(acrossOutputs(outputs, rSquared), expected.r2_score_uniform_average, 'r2');
    expectMeasure(acrossOutputs(outputs, rSquared, 'variance'), expected.r2_score_variance_weighted, 'r2 by variance');
    expectMeasure(
      acrossOutputs(outputs, explainedVariance),
      expected.explained_variance_score_uniform_average,
      'explained variance',
    );
    const explained = acrossOutputs(outputs, explainedVariance, 'variance');
    expectMeasure(explained, expected.explained_variance_score_variance_weighted, 'ev by variance');
    expectMeasure(acrossOutputs(outputs, meanAbsoluteError), expected.mean_absolute_error_uniform_average, 'mae');
    expectMeasure(acrossOutputs(outputs, meanSquaredError), expected.mean_squared_error_uniform_average, 'mse');
    expect(acrossOutputs([], rSquared).value).toBeUndefined();
  });

  test('what has no value says why, where the tool has a convention', () => {
    const rows = (truth: number[], predicted: number[]) => ({
      truth: Float64Array.from(truth),
      predicted: Float64Array.from(predicted),
    });
    expect(rSquared(rows([5, 5, 5], [5, 5, 6])).undefinedWhy).toBe('every truth is the same');
    // The mean of three times 0.1 is not 0.1: a spread computed from it would not be 0.
    for (const predicted of [0.1, 0.2])
      for (const of of [rSquared, explainedVariance])
        expect(of(rows([0.1, 0.1, 0.1], [0.1, 0.1, predicted])).undefinedWhy).toBe('every truth is the same');
    // The tool without `force_finite` says the same by not being finite.
    expect(Object.values(regression.r2_force_finite_false).map(toNumber).filter(Number.isFinite)).toEqual([]);
    expect(rSquared(rows([5], [5])).undefinedWhy).toBe('needs two rows');
    expect(meanAbsolutePercentageError(rows([0, 1], [1, 1])).undefinedWhy).toContain('row 0 is 0');
    expect(weightedAbsolutePercentageError(rows([0, 2], [1, 1])).value).toBe(1);
    expect(meanAbsoluteError(rows([], [])).undefinedWhy).toBe('there is no row');
    expect(meanAbsoluteError(rows([Number.NaN], [1])).undefinedWhy).toContain('NaN');
    expect(meanSquaredLogError(rows([-1], [1])).undefinedWhy).toContain('negative value');
    expect(medianAbsoluteError(rows([], [])).value).toBeUndefined();
  });
});

describe('calibration', () => {
  const datasets: Readonly<Record<string, { y_true: number[]; y_score: number[] }>> = binary.datasets;

  test('equals the vectors, with p = 1 in the last bin', () => {
    for (const { id, n_bins, dataset, input, expected } of calibrated.binary as readonly CalibrationCase[]) {
      const named = dataset === undefined ? undefined : datasets[dataset.split('#')[1]!]!;
      const truth = named?.y_true ?? input!.y_true;
      const scores = Float64Array.from(named?.y_score ?? input!.y_prob);
      const own = calibration({ truth, scores }, n_bins);
      expectMeasure(own.ece, expected.ece, `${id} ece`);
      expectMeasure(own.mce, expected.mce, `${id} mce`);
      expectMeasure(own.rms, expected.rms_calibration_error, `${id} rms`);
      expectMeasure(own.adaptiveEce, expected.adaptive_ece_quantile, `${id} adaptive`);
      expectMeasure(own.brier, expected.brier, `${id} brier`);
      if (typeof expected.spiegelhalter_z === 'number')
        expectMeasure(own.spiegelhalterZ, expected.spiegelhalter_z, `${id} z`);
      expectMeasure(own.observedToExpected, expected.observed_to_expected, `${id} O/E`);
      if (typeof expected.brier_skill === 'number') expectMeasure(own.brierSkill, expected.brier_skill, `${id} skill`);
      expectMeasure(own.reliability, expected.binned_reliability, `${id} reliability`);
      expectMeasure(own.resolution, expected.binned_resolution, `${id} resolution`);
      expectMeasure(own.uncertainty, expected.uncertainty, `${id} uncertainty`);
      for (const [bins, curve] of [
        [own.bins, expected.curve_uniform],
        [own.adaptiveBins, expected.curve_quantile],
      ] as const) {
        // scikit-learn's curve closes bins on the right, its scores of exactly 0.1 fall in the first; ECE closes on the left.
        if (bins === own.bins && (id.includes('ties') || id === 'exact_edges')) continue;
        const filled = bins.filter(({ count }) => count > 0);
        expect(filled.length, id).toBe(curve.prob_true.length);
        filled.forEach((bin, i) => {
          expectNear(bin.meanScore!, curve.prob_pred[i]!, `${id} curve ${i}`);
          expectNear(bin.positiveShare!, curve.prob_true[i]!, `${id} curve ${i}`);
        });
      }
      own.bins.forEach((bin, i) => {
        expect(bin.count).toBe(expected.bin_count[i]);
        expectNear(bin.meanScore ?? Number.NaN, expected.bin_mean_pred[i]!, `${id} bin ${i}`);
        expectNear(bin.positiveShare ?? Number.NaN, expected.bin_frac_pos[i]!, `${id} bin ${i}`);
      });
    }
  });

  test('edges: certain scores stay in the first and the last bin, others are refused', () => {
    const own = calibration({ truth: [0, 1, 1], scores: Float64Array.of(0, 1, 0.3) });
    expect(own.bins[0]!.count).toBe(1);
    expect(own.bins[2]!.count).toBe(1);
    expect(own.bins[9]!.count).toBe(1);
    expect(calibration({ truth: [1], scores: Float64Array.of(1.1) }).ece.undefinedWhy).toContain('no probability');
    expect(calibration({ truth: [], scores: new Float64Array(0) }).ece.undefinedWhy).toBe('there is no row');
  });
});

interface CurveCase {
  readonly id: string;
  readonly kind: string;
  readonly dataset: string;
  readonly drop_intermediate?: boolean;
  readonly expected: Readonly<Record<string, readonly (number | string)[]>>;
}

const CURVE_NAMES: Readonly<Record<string, string>> = {
  fpr: 'falsePositiveRate',
  tpr: 'truePositiveRate',
  fnr: 'falseNegativeRate',
  precision: 'precision',
  recall: 'recall',
  thresholds: 'thresholds',
};

interface CalibrationCase {
  readonly id: string;
  readonly n_bins: number;
  readonly dataset?: string;
  readonly input?: { readonly y_true: number[]; readonly y_prob: number[] };
  readonly expected: {
    readonly ece: number;
    readonly mce: number;
    readonly rms_calibration_error: number;
    readonly adaptive_ece_quantile: number;
    readonly brier: number;
    readonly brier_skill: number | string;
    readonly binned_reliability: number;
    readonly binned_resolution: number;
    readonly uncertainty: number;
    readonly curve_uniform: { readonly prob_true: number[]; readonly prob_pred: number[] };
    readonly curve_quantile: { readonly prob_true: number[]; readonly prob_pred: number[] };
    readonly spiegelhalter_z: number | string;
    readonly observed_to_expected: number | string;
    readonly bin_count: number[];
    readonly bin_mean_pred: (number | string)[];
    readonly bin_frac_pos: (number | string)[];
  };
}

type Averages = Readonly<Record<'micro' | 'macro' | 'weighted', readonly (number | string)[]>> & {
  readonly jaccard_macro: number | string;
};
