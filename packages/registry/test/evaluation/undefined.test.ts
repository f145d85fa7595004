import { describe, expect, test } from 'vitest';
import { type CompareOptions, compare, gate, metricsOf, type Task } from '../../src/evaluation/index.js';

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
