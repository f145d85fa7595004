import { readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { tableFrom } from '@millwright/core/table';
import {
  domainClassifier,
  embeddingCells,
  energy,
  mmd,
  reconstruction,
  type Vectors,
} from '@millwright/drift/multivariate';
import { cbpe } from '@millwright/drift/performance';
import { describe, expect, test } from 'vitest';
import expectedCbpe from '../vectors/cbpe.json' with { type: 'json' };
import expected from '../vectors/multivariate.json' with { type: 'json' };

/** NannyML's example data sets and our synthetic ones: the folder that holds `nannyml/` and `synthetic/`. */
const folder = process.env['MILLWRIGHT_DRIFT_DATA'];

function csv(file: string): { readonly names: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const [names, ...rows] = readFileSync(path(folder!, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return { names: names!, rows };
}

function numbers(file: string, name: string): Float64Array {
  const { names, rows } = csv(file);
  return Float64Array.from(rows, (row) => Number(row[names.indexOf(name)]));
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
function standardError(values: Float64Array): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1) / values.length);
}

function near(actual: Float64Array, values: readonly number[]): void {
  for (const [k, value] of values.entries()) expect(actual[k]).toBeCloseTo(value, 12);
}

describe.skipIf(folder === undefined)('NannyML and alibi-detect (set MILLWRIGHT_DRIFT_DATA to their data)', () => {
  test('CBPE: isotonic knots and estimates of 56 chunks', { timeout: 60_000 }, () => {
    const load = (file: string) => ({
      scores: numbers(file, 'predicted_probability'),
      predictions: numbers(file, 'prediction'),
      labels: numbers(file, 'employed'),
    });
    const reference = load('nannyml/employment_MA_reference_slim.csv');
    const [first, second] = [1, 2].map((part) => load(`nannyml/employment_MA_analysis_slim_part${part}.csv`));
    const join = (a: Float64Array, b: Float64Array) => Float64Array.from([...a, ...b]);
    const analysis = {
      scores: join(first!.scores, second!.scores),
      predictions: join(first!.predictions, second!.predictions),
    };
    const estimator = cbpe(reference);
    const { x, y } = estimator.calibration!;
    expect(x.length).toBe(expectedCbpe.isotonic.x.length);
    near(x, expectedCbpe.isotonic.x);
    near(y, expectedCbpe.isotonic.y);

    for (const [rows, facts, starts] of [
      [reference, expectedCbpe.reference, expectedCbpe.starts.reference],
      [analysis, expectedCbpe.analysis, expectedCbpe.starts.analysis],
    ] as const)
      starts.forEach((start, chunk) => {
        const end = starts[chunk + 1] ?? rows.scores.length;
        const { figures } = estimator.estimate({
          scores: rows.scores.slice(start, end),
          predictions: rows.predictions.slice(start, end),
        });
        for (const name of ['f1', 'precision', 'recall', 'specificity', 'accuracy'] as const)
          expect(figures[name].value).toBeCloseTo(facts[name].value[chunk]!, 9);
        // Ties are ordered there as the sort leaves them; here they are one group.
        expect(Math.abs(figures.rocAuc.value - facts.roc_auc.value[chunk]!)).toBeLessThan(2e-3);
      });

    const { figures } = estimator.estimate({
      scores: reference.scores.slice(0, 5_000),
      predictions: reference.predictions.slice(0, 5_000),
    });
    for (const name of ['precision', 'recall', 'specificity', 'accuracy'] as const)
      expect(figures[name].samplingError).toBeCloseTo(expectedCbpe.reference[name].samplingError, 9);
  });

  const numeric = (columns: readonly string[], file: string, period?: string) => {
    const { names, rows } = csv(file);
    const kept = rows.filter(
      (row) => period === undefined || (row.at(-1) === 'reference') === (period === 'reference'),
    );
    return tableFrom(
      Object.fromEntries(
        columns.map((name) => {
          const cells = kept.map((row) => row[names.indexOf(name)]!);
          const number = cells.every((cell) => cell === '' || !Number.isNaN(Number(cell)));
          return [name, cells.map((cell) => (cell === '' ? null : number ? Number(cell) : cell))];
        }),
      ),
    );
  };

  test.each([
    [
      'california',
      'nannyml/california_housing_reference.csv',
      'nannyml/california_housing_analysis.csv',
      { components: 3 },
    ],
    ['joint', 'synthetic/joint_drift.csv', 'synthetic/joint_drift.csv', {}],
  ] as const)('reconstruction error of every chunk: %s', (name, referenceFile, currentFile, options) => {
    const facts = expected[name];
    const split = referenceFile === currentFile;
    const reference = numeric(facts.columns, referenceFile, split ? 'reference' : undefined);
    const current = numeric(facts.columns, currentFile, split ? 'analysis' : undefined);
    const model = reconstruction(reference, options);
    expect(model.components).toBe(facts.components);
    if (facts.explained !== null) near(model.explained, facts.explained);
    const check = (errors: Float64Array, chunks: typeof facts.reference) =>
      chunks.value.forEach((value, chunk) => {
        const last = chunk === chunks.value.length - 1;
        const part = errors.subarray(500 * chunk, last ? errors.length : 500 * (chunk + 1));
        expect(mean(part)).toBeCloseTo(value, 9);
        expect(standardError(part)).toBeCloseTo(chunks.samplingError[chunk]!, 9);
      });
    check(model.errors(reference), facts.reference);
    check(model.errors(current), facts.analysis);
  });

  const cloud = (file: string): Vectors => {
    const { rows } = csv(`synthetic/${file}`);
    return { rows: rows.length, width: 16, values: Float64Array.from(rows.flatMap((row) => row.map(Number))) };
  };
  const columnsOf = ({ rows, width, values }: Vectors) =>
    tableFrom(
      Object.fromEntries(
        Array.from({ length: width }, (_, k) => [
          `e${k}`,
          Float64Array.from({ length: rows }, (_, i) => values[i * width + k]!),
        ]),
      ),
    );

  test.each(expected.twoSample)('MMD and energy distance: $current', ({ current, mmd2, energy: distance }) => {
    const [a, b] = [cloud('embeddings_ref.csv'), cloud(current)];
    for (const [bandwidth, value] of Object.entries(mmd2))
      expect(mmd(a, b, { bandwidth: Number(bandwidth), permutations: 1 }).statistic).toBeCloseTo(value, 9);
    // Tabulated from 32-bit distances.
    expect(energy(a, b, { permutations: 1 }).statistic).toBeCloseTo(distance, 8);
  });

  test.each([
    ['embeddings_cur_same.csv', false, false, false],
    ['embeddings_cur_mean_shift.csv', true, true, true],
    ['embeddings_cur_cov_shift.csv', true, true, false],
  ])('who sees the drift of %s', (file, byMmd, byClassifier, byCells) => {
    const [a, b] = [cloud('embeddings_ref.csv'), cloud(file)];
    expect(mmd(a, b).verdict === 'drift').toBe(byMmd);
    expect(domainClassifier(columnsOf(a), columnsOf(b)).verdict === 'drift').toBe(byClassifier);
    const cells = embeddingCells(a, { projections: 8, bins: 8, centroids: 8 });
    expect(cells.test(cells.count(b)).verdict === 'drift').toBe(byCells);
  });
});
