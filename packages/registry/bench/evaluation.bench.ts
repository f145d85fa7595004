import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { seededRandom } from '@millwright/core';
import { bootstrapCells } from '@millwright/core/statistics';
import { binaryCells, confusionOf, countCells } from '../src/evaluation/compare/cells.js';
import {
  accuracy,
  compare,
  confusion,
  fBeta,
  gate,
  precision,
  recall,
  rocAuc,
  selectionRate,
  startComparison,
} from '../src/evaluation/index.js';

/**
 * One million rows: five metrics of 20 groups through cells and by a loop per group and metric (as a metric frame does),
 * the exact area under the curve beside a comparison sort, the bootstrap of an accuracy difference through cells and by
 * rows, the whole of `compare` and `gate`, and the same rows in parts. scikit-learn does the first three as well where a
 * Python has it.
 */
const ROWS = 1_000_000;
const GROUPS = 20;
const random = seededRandom(1);
const truth = Float64Array.from({ length: ROWS }, () => Number(random.next() < 0.3));
const champion = truth.map((y) => Math.min(1, Math.max(0, 0.35 + 0.25 * y + 0.4 * (random.next() - 0.5))));
const challenger = truth.map((y) => Math.min(1, Math.max(0, 0.35 + 0.3 * y + 0.4 * (random.next() - 0.5))));
const codes = Int32Array.from({ length: ROWS }, () => Math.floor(random.next() * GROUPS));
const labels = Array.from({ length: GROUPS }, (_, i) => `g${i}`);
const METRICS = [accuracy, precision, recall, selectionRate, fBeta];

const throughCells = time(9, () => {
  const counts = countCells(binaryCells(truth, champion, challenger, 0.5, 0.5), codes, GROUPS, 8);
  let sum = 0;
  for (let g = 0; g < GROUPS; g++) {
    const cells = confusionOf(Array.from(counts.subarray(8 * g, 8 * g + 8)), 'challenger');
    for (const metric of METRICS) sum += metric(cells).value ?? 0;
  }
  return sum;
});
const perGroup = time(2, () => {
  let sum = 0;
  for (let g = 0; g < GROUPS; g++) {
    for (const metric of METRICS) {
      const y: number[] = [];
      const decided: number[] = [];
      for (let i = 0; i < ROWS; i++)
        if (codes[i] === g) {
          y.push(truth[i]!);
          decided.push(Number(challenger[i]! >= 0.5));
        }
      sum += metric(confusion(y, decided)).value ?? 0;
    }
  }
  return sum;
});
report('5 metrics × 20 groups × 1e6 rows', throughCells, 'a loop per group and metric', perGroup);

const area = time(5, () => rocAuc({ truth, scores: challenger }).value ?? 0);
const compared = time(2, () => {
  const order = Array.from(challenger.keys()).sort((a, b) => challenger[a]! - challenger[b]!);
  return order[0]!;
});
report('exact ROC AUC of 1e6 rows', area, 'the comparison sort alone', compared);

const cells = [8_600, 300, 700, 400];
const difference = (c: ArrayLike<number>) => (c[2]! - c[1]!) / 10_000;
const byCells = time(5, () => bootstrapCells(cells, difference, { random, replicates: 10_000 }).standardError);
const rows = Uint8Array.from(cells.flatMap((count, cell) => Array<number>(count).fill(cell)));
const byRows = time(1, () => {
  let sum = 0;
  for (let b = 0; b < 10_000; b++) {
    let d = 0;
    for (let i = 0; i < rows.length; i++) {
      const cell = rows[Math.floor(random.next() * rows.length)]!;
      d += cell === 2 ? 1 : cell === 1 ? -1 : 0;
    }
    sum += d;
  }
  return sum;
});
report('10,000 bootstrap replicates of 10,000 rows', byCells, 'by rows', byRows);

const whole = time(3, () => {
  const found = compare({
    truth,
    champion,
    challenger,
    slices: { group: { codes, labels } },
    metrics: ['accuracy', 'recall', 'f1'],
  });
  return gate(found).rules.length;
});
console.log(`compare and gate, 1e6 rows × 20 slices, with digests of the inputs: ${whole.toFixed(1)} ms`);

const stream = time(3, () => {
  const comparison = startComparison({ metrics: ['accuracy', 'recall', 'f1', 'rocAuc'] });
  for (let start = 0; start < ROWS; start += 65_536) {
    const part = <A extends Float64Array | Int32Array>(values: A) => values.subarray(start, start + 65_536) as A;
    comparison.add({
      truth: part(truth),
      champion: part(champion),
      challenger: part(challenger),
      slices: { group: { codes: part(codes), labels } },
    });
  }
  return gate(comparison.report()).rules.length;
});
console.log(`the same in 16 parts, with binned areas: ${stream.toFixed(1)} ms`);

const sklearn = scikitLearn();
if (sklearn === undefined) console.log('scikit-learn: no Python here has it');
else {
  const { version, frame, area: theirs, bootstrap } = sklearn;
  console.log(`scikit-learn ${version} and numpy:`);
  report('5 metrics × 20 groups × 1e6 rows', throughCells, 'scikit-learn by group', frame);
  report('exact ROC AUC of 1e6 rows', area, 'roc_auc_score', theirs);
  report('10,000 bootstrap replicates of 10,000 rows', byCells, 'numpy by rows', bootstrap);
}

interface Theirs {
  readonly version: string;
  readonly frame: number;
  readonly area: number;
  readonly bootstrap: number;
}

/** The same work in Python, by the first interpreter that can. */
function scikitLearn(): Theirs | undefined {
  const script = join(import.meta.dirname, 'evaluation-sklearn.py');
  for (const python of ['python3', '/usr/bin/python3']) {
    const { status, stdout } = spawnSync(python, [script], { encoding: 'utf8' });
    if (status === 0) return JSON.parse(stdout) as Theirs;
  }
  return undefined;
}

/** The best of some runs, in milliseconds. */
function time(runs: number, work: () => number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    if (Number.isNaN(work())) throw new TypeError('not a number');
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function report(what: string, own: number, other: string, baseline: number): void {
  console.log(`${what}: ${own.toFixed(1)} ms; ${other}: ${baseline.toFixed(1)} ms (${(baseline / own).toFixed(0)} ×)`);
}
