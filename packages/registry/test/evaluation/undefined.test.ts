import { describe, expect, test } from 'vitest';
import {
  type CompareOptions,
  type ConfusionMatrix,
  calibration,
  compare,
  confusion,
  confusionMatrix,
  equalizedOdds,
  explainedVariance,
  fairnessFrame,
  gate,
  hammingLoss,
  intervalScores,
  labelScore,
  likelihoodRatios,
  type Measure,
  matrixAdjustedAccuracy,
  matrixJaccard,
  matrixKappa,
  matrixScore,
  maxError,
  meanAbsolutePercentageError,
  meanSquaredLogError,
  medianAbsoluteError,
  metricsOf,
  partialRocAuc,
  pinballExplained,
  type RegressionRows,
  subsetAccuracy,
  type Task,
  tweedieDeviance,
  tweedieExplained,
  weightedAbsolutePercentageError,
} from '../../src/evaluation/index.js';

/** What a metric of a task is undefined for, said once more and without looking at how it is computed. */
type Oracle = (rows: readonly (readonly [truth: number, predicted: number])[]) => boolean;

const count = (rows: Parameters<Oracle>[0], is: (y: number, p: number) => boolean) =>
  rows.filter(([y, p]) => is(y, p)).length;
const none: Oracle = (rows) => rows.length === 0;
const noPositive: Oracle = (rows) => count(rows, (y) => y === 1) === 0;
const noNegative: Oracle = (rows) => count(rows, (y) => y === 0) === 0;
const noAlarm: Oracle = (rows) => count(rows, (_, p) => p >= 0.5) === 0;
const noAllClear: Oracle = (rows) => count(rows, (_, p) => p < 0.5) === 0;
const either =
  (...oracles: Oracle[]): Oracle =>
  (rows) =>
    oracles.some((oracle) => oracle(rows));
const nothingPositive: Oracle = (rows) => noPositive(rows) && noAlarm(rows);
const oneKind =
  (of: (row: readonly [number, number]) => number): Oracle =>
  (rows) =>
    new Set(rows.map(of)).size < 2;
const sameClass: Oracle = (rows) => new Set(rows.flat()).size < 2;

const UNDEFINED: Readonly<Record<Task, Readonly<Record<string, Oracle>>>> = {
  binary: {
    accuracy: none,
    balancedAccuracy: either(noPositive, noNegative),
    precision: noAlarm,
    recall: noPositive,
    specificity: noNegative,
    falsePositiveRate: noNegative,
    falseNegativeRate: noPositive,
    negativePredictiveValue: noAllClear,
    selectionRate: none,
    f1: nothingPositive,
    f2: nothingPositive,
    f05: nothingPositive,
    jaccard: nothingPositive,
    mcc: either(noPositive, noNegative, noAlarm, noAllClear),
    kappa: (rows) => nothingPositive(rows) || (noNegative(rows) && noAllClear(rows)),
    rocAuc: either(noPositive, noNegative),
    averagePrecision: noPositive,
    logLoss: none,
    brier: none,
    ece: none,
    value: none,
  },
  multiclass: {
    accuracy: none,
    balancedAccuracy: none,
    f1Macro: none,
    f1Weighted: none,
    mcc: either(
      oneKind(([y]) => y),
      oneKind(([, p]) => p),
    ),
    kappa: sameClass,
    value: none,
  },
  regression: Object.fromEntries(
    metricsOf('regression').map(({ name }) => [name, name === 'r2' ? oneKind(([y]) => y) : none]),
  ),
};

const KINDS: Readonly<Record<Task, readonly (readonly [number, number])[]>> = {
  binary: [0, 1].flatMap((y) => [0.25, 0.75].map((p) => [y, p] as const)),
  multiclass: [0, 1, 2].flatMap((y) => [0, 1, 2].map((p) => [y, p] as const)),
  regression: [0, 2].flatMap((y) => [0, 1].map((p) => [y, p] as const)),
};

describe.each(['binary', 'multiclass', 'regression'] as const)('%s', (task) => {
  const metrics = metricsOf(task).map(({ name }) => name);

  test('every metric says when it has no value', () => {
    expect(metrics.filter((name) => UNDEFINED[task][name] === undefined)).toEqual([]);
  });

  test('no metric is a number for 0/0, over all tables of up to six rows', () => {
    let tables = 0;
    for (const rows of tablesOf(KINDS[task], 6)) {
      tables++;
      const report = compare(options(task, rows, metrics));
      for (const { metric, champion, challenger, difference } of report.overall.metrics) {
        const where = `${metric} of ${JSON.stringify(rows)}`;
        if (UNDEFINED[task][metric]!(rows)) {
          if (challenger.value !== undefined) expect.fail(`${where} is ${challenger.value}`);
          if (challenger.undefinedWhy === '' || difference !== undefined)
            expect.fail(`${where} has no reason, or a test`);
        } else if (!Number.isFinite(challenger.value) || challenger.value !== champion.value)
          expect.fail(`${where} is undefined: ${challenger.undefinedWhy}`);
      }
    }
    expect(tables).toBe(task === 'multiclass' ? 5005 : 210);
  });

  test('no gate promotes on a metric without a value', () => {
    for (const rows of tablesOf(KINDS[task], 3)) {
      const report = compare(options(task, rows, metrics));
      for (const metric of metrics) {
        if (!UNDEFINED[task][metric]!(rows)) continue;
        for (const rule of [
          { rule: 'superior', metric },
          { rule: 'nonInferior', metric, margin: 100 },
          { rule: 'noHarm', metric, margin: 100 },
          { rule: 'atLeast', metric, value: -100 },
          { rule: 'atMost', metric, value: 100 },
        ] as const)
          expect(gate(report, { rules: [rule] }).decision, `${metric} of ${JSON.stringify(rows)}`).not.toBe('promote');
      }
    }
  });
});

describe('metrics that are functions only', () => {
  test('of regressions, over all tables of up to six rows', () => {
    const zeroTruth: Oracle = (rows) => none(rows) || count(rows, (y) => y === 0) > 0;
    const onlyZeros: Oracle = (rows) => count(rows, (y) => y !== 0) === 0;
    const sameTruth = oneKind(([y]) => y);
    const cases: readonly [string, (rows: RegressionRows) => Measure, Oracle][] = [
      ['mape', meanAbsolutePercentageError, zeroTruth],
      ['wape', weightedAbsolutePercentageError, onlyZeros],
      ['msle', meanSquaredLogError, none],
      ['median', medianAbsoluteError, none],
      ['max', maxError, none],
      ['explained variance', explainedVariance, sameTruth],
      ['pinball explained', (rows) => pinballExplained(rows, 0.5), sameTruth],
      ['normal explained', (rows) => tweedieExplained(rows, 0), sameTruth],
      // A Poisson rate of 0 is outside of its domain, unless the count is 0 as well: refused all the same.
      ['Poisson', (rows) => tweedieDeviance(rows, 1), (rows) => none(rows) || count(rows, (_, p) => p === 0) > 0],
      ['coverage', ({ truth, predicted }) => intervalScores(truth, predicted, predicted, 0.1).coverage, none],
    ];
    for (const rows of tablesOf(KINDS.regression, 6))
      for (const [name, of, oracle] of cases)
        expectDefined(name, rows, oracle(rows), () =>
          of({ truth: Float64Array.from(rows, ([y]) => y), predicted: Float64Array.from(rows, ([, p]) => p) }),
        );
  });

  test('of fairness and of scores, over all tables of up to six rows', () => {
    const group = (rows: Parameters<Oracle>[0]) => [
      {
        group: 'all',
        cells: confusion(
          rows.map(([y]) => y),
          rows.map(([, p]) => Number(p >= 0.5)),
        ),
      },
    ];
    const scored = (rows: Parameters<Oracle>[0]) => ({
      truth: rows.map(([y]) => y),
      scores: Float64Array.from(rows, ([, p]) => p),
    });
    const cases: readonly [string, (rows: Parameters<Oracle>[0]) => Measure, Oracle][] = [
      ['parity', (rows) => fairnessFrame('selectionRate', group(rows)).difference, none],
      ['parity ratio', (rows) => fairnessFrame('selectionRate', group(rows)).ratio, noAlarm],
      ['opportunity', (rows) => fairnessFrame('recall', group(rows)).difference, noPositive],
      ['odds', (rows) => equalizedOdds(group(rows)).difference, either(noPositive, noNegative)],
      [
        'LR+',
        (rows) => likelihoodRatios(group(rows)[0]!.cells).positive,
        either(
          noPositive,
          lacks((y, p) => y === 0 && p >= 0.5),
        ),
      ],
      [
        'LR-',
        (rows) => likelihoodRatios(group(rows)[0]!.cells).negative,
        either(
          noPositive,
          lacks((y, p) => y === 0 && p < 0.5),
        ),
      ],
      ['partial area', (rows) => partialRocAuc(scored(rows), 0.3), either(noPositive, noNegative)],
      ['skill', (rows) => calibration(scored(rows)).brierSkill, either(noPositive, noNegative)],
      ['adaptive', (rows) => calibration(scored(rows)).adaptiveEce, none],
      ['O/E', (rows) => calibration(scored(rows)).observedToExpected, none],
    ];
    for (const rows of tablesOf(KINDS.binary, 6))
      for (const [name, of, oracle] of cases) expectDefined(name, rows, oracle(rows), () => of(rows));
  });

  test('of several classes and several labels, over all tables of up to four rows', () => {
    const classes: readonly [string, (matrix: ConfusionMatrix) => Measure, Oracle][] = [
      ['precision', (matrix) => matrixScore(matrix, 'precision', 'macro'), (rows) => none(rows) || aClass(rows, 0, 1)],
      ['recall', (matrix) => matrixScore(matrix, 'recall', 'macro'), (rows) => none(rows) || aClass(rows, 1, 0)],
      ['jaccard', (matrix) => matrixJaccard(matrix, 'macro'), none],
      ['adjusted', matrixAdjustedAccuracy, oneKind(([y]) => y)],
      ['linear kappa', (matrix) => matrixKappa(matrix, 'linear'), sameClass],
    ];
    for (const rows of tablesOf(KINDS.multiclass, 4)) {
      const matrix = confusionMatrix(
        rows.map(([y]) => y),
        rows.map(([, p]) => p),
        3,
      );
      for (const [name, of, oracle] of classes) expectDefined(name, rows, oracle(rows), () => of(matrix));
    }
    // Two labels: truth and decision of each as bits.
    const bits = [0, 1, 2, 3].flatMap((truth) => [0, 1, 2, 3].map((decision) => [truth, decision] as const));
    const flat = (of: (row: readonly [number, number]) => number) => (rows: Parameters<Oracle>[0]) =>
      rows.flatMap((row) => [of(row) & 1, of(row) >> 1]);
    const [truths, decisions] = [flat(([y]) => y), flat(([, p]) => p)];
    const label = (is: (y: number, p: number) => boolean) =>
      lacks(
        (y, p) => is(y & 1, p & 1),
        (y, p) => is(y >> 1, p >> 1),
      );
    const labels: readonly [string, (rows: LabelRows) => Measure, Oracle][] = [
      ['label precision', (rows) => labelScore(rows, 'precision'), label((_, p) => p === 1)],
      ['label recall', (rows) => labelScore(rows, 'recall'), label((y) => y === 1)],
      ['label f', (rows) => labelScore(rows, 'f'), label((y, p) => y + p > 0)],
      ['subset', subsetAccuracy, none],
      ['hamming', hammingLoss, none],
    ];
    for (const rows of tablesOf(bits, 3))
      for (const [name, of, oracle] of labels)
        expectDefined(name, rows, oracle(rows), () =>
          of({ truth: truths(rows), decisions: decisions(rows), labels: 2 }),
        );
  });
});

test('NaN scores, empty slices and unmatched rows never promote, however good the rest is', () => {
  const truth = Float64Array.from({ length: 1_000 }, (_, i) => i % 2);
  const champion = truth.map((y, i) => (i % 5 === 0 ? 1 - y : y));
  const base: CompareOptions = { truth, champion: { scores: champion }, challenger: { scores: truth } };
  expect(gate(compare(base)).decision).toBe('promote');
  const broken = truth.map((y, i) => (i === 7 ? Number.NaN : y));
  const codes = truth.map(() => 0);
  const ids = Array.from(truth, (_, i) => i);
  for (const [what, options] of Object.entries({
    'a challenger with NaN': { ...base, challenger: { scores: broken } },
    'a champion with NaN': { ...base, champion: { scores: broken } },
    'an empty declared slice': { ...base, slices: { origin: { codes, labels: ['SFO', 'ORD'] } } },
    'a row that only one side has': {
      ...base,
      rowIds: ids,
      challenger: { scores: truth, rowIds: ids.map((id) => (id === 3 ? 'elsewhere' : id)) },
    },
    'no truth': { ...base, truth: truth.map(() => Number.NaN) },
  }))
    expect(gate(compare(options)).decision, what).not.toBe('promote');
});

function expectDefined(name: string, rows: Parameters<Oracle>[0], undefinedHere: boolean, of: () => Measure): void {
  const { value, undefinedWhy } = of();
  const where = `${name} of ${JSON.stringify(rows)}`;
  if (undefinedHere && (value !== undefined || !undefinedWhy)) expect.fail(`${where} is ${value}`);
  if (!undefinedHere && !Number.isFinite(value)) expect.fail(`${where} is undefined: ${undefinedWhy}`);
}

/** Some kind of row does not occur. */
function lacks(...kinds: ((y: number, p: number) => boolean)[]): Oracle {
  return (rows) => kinds.some((is) => count(rows, is) === 0);
}

/** A class occurs on one side (0 truth, 1 prediction) and not on the other. */
function aClass(rows: Parameters<Oracle>[0], on: 0 | 1, off: 0 | 1): boolean {
  return rows.some((row) => !rows.some((other) => other[off] === row[on]));
}

type LabelRows = { readonly truth: number[]; readonly decisions: number[]; readonly labels: number };

function options(task: Task, rows: Parameters<Oracle>[0], metrics: readonly string[]): CompareOptions {
  const predicted = Float64Array.from(rows, ([, p]) => p);
  const side = task === 'multiclass' ? { labels: predicted } : { scores: predicted };
  const payoffs = {
    binary: [
      [0, -3],
      [-80, -3],
    ],
    multiclass: [
      [1, 0, 0],
      [0, 1, 0],
      [-5, 0, 1],
    ],
    regression: undefined,
  };
  return {
    task,
    truth: Float64Array.from(rows, ([y]) => y),
    champion: side,
    challenger: side,
    metrics,
    minSupport: 1,
    payoffs: payoffs[task],
  };
}

/** All multisets of up to `most` rows. */
function* tablesOf<T>(kinds: readonly T[], most: number, from = 0, rows: readonly T[] = []): Generator<readonly T[]> {
  yield rows;
  if (rows.length < most)
    for (let i = from; i < kinds.length; i++) yield* tablesOf(kinds, most, i, [...rows, kinds[i]!]);
}
