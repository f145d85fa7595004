import { seededRandom } from '@millwright/core';
import { tableFrom } from '@millwright/core/table';
import { domainClassifier, embeddingCells, mmd, reconstruction, type Vectors } from '../src/multivariate/index.js';
import { cbpe } from '../src/performance/index.js';

/** Tests of many columns at once, and performance without labels; MMD beside a straightforward version. */
const random = seededRandom(1);
const cloud = (rows: number, width = 16): Vectors => ({
  rows,
  width,
  values: Float64Array.from({ length: rows * width }, () => random.next() + random.next() + random.next()),
});
const [a, b] = [cloud(2_000), cloud(2_000)];
const permutations = 100;

const ours = report('MMD, 2,000 + 2,000 points of 16, 100 permutations', () =>
  mmd(a, b, { permutations, stopAfter: permutations, bandwidth: 1 }),
);
const plain = report('  with a full matrix, summed again for each permutation', () => straightforward(a, b), 1);
console.log(`  ${(plain / ours).toFixed(1)} times as fast`);

const cells = embeddingCells(cloud(20_000));
const many = cloud(50_000);
report('embedding cells, 50,000 points of 16: 16 directions, 32 centres', () => cells.count(many));

const table = (rows: number) =>
  tableFrom(
    Object.fromEntries(
      Array.from({ length: 20 }, (_, k) => [`c${k}`, Float64Array.from({ length: rows }, () => random.next())]),
    ),
  );
const [before, now] = [table(10_000), table(10_000)];
report('domain classifier, 10,000 + 10,000 rows of 20 columns', () => domainClassifier(before, now));
const components = reconstruction(before);
report('reconstruction error, 10,000 rows of 20 columns', () => components.errors(now));

const scores = Float64Array.from({ length: 100_000 }, () => random.next());
const labels = Uint8Array.from(scores, (score) => Number(random.next() < score ** 2));
const estimator = cbpe({ scores, labels });
report('CBPE, 100,000 rows, 6 metrics, 20 refits', () => estimator.estimate({ scores }));

function report(name: string, work: () => unknown, rounds = 3): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${name}: ${best.toFixed(1)} ms`);
  return best;
}

function straightforward(x: Vectors, y: Vectors): number {
  const points = [x, y].flatMap(({ rows, width, values }) =>
    Array.from({ length: rows }, (_, i) => [...values.slice(i * width, (i + 1) * width)]),
  );
  const kernel = points.map((p) =>
    points.map((q) => Math.exp(-p.reduce((sum, value, k) => sum + (value - q[k]!) ** 2, 0) / 2)),
  );
  const n = x.rows;
  const statistic = (order: readonly number[]) => {
    let [within, between] = [0, 0];
    for (let i = 0; i < order.length; i++)
      for (let j = 0; j < i; j++) {
        if (i < n === j < n) within += kernel[order[i]!]![order[j]!]!;
        else between += kernel[order[i]!]![order[j]!]!;
      }
    return (2 * within) / (n * (n - 1)) - (2 * between) / (n * n);
  };
  const order = points.map((_, i) => i);
  const observed = statistic(order);
  let reached = 0;
  for (let round = 0; round < permutations; round++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random.next() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    if (statistic(order) >= observed) reached++;
  }
  return (1 + reached) / (1 + permutations);
}
