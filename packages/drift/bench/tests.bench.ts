import { execFileSync } from 'node:child_process';
import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { columnOf, type Table, tableFrom } from '@millwright/core/table';
import { createMonitor } from '../src/monitor/index.js';
import { peers } from '../src/peers/index.js';
import { cellsOf, distribution, jensenShannon, kolmogorovSmirnov, psi } from '../src/test/index.js';

/** Tests on a million rows, and a monitor of a thousand columns, each beside a straightforward version, and scipy where it is. */
const ROWS = 1_000_000;
const random = seededRandom(1);
const draw = (shift: number) =>
  Float64Array.from({ length: ROWS }, () => random.next() + random.next() + random.next() + shift);
const [was, now] = [draw(0), draw(0.01)];
const column = (x: Float64Array) => columnOf(tableFrom({ x }), 'x');

heading('Kolmogorov-Smirnov, 1 M and 1 M values: at most 200 ms');
report('ours', () => kolmogorovSmirnov(was, now));
report('comparator sort, binary search per value', () => naiveKs(was, now), 1);
scipy('scipy.stats.ks_2samp(a, b)', 'a = r.random((3, n)).sum(0); b = r.random((3, n)).sum(0) + 0.01');

heading('PSI, Jensen-Shannon and chi-square of 1 M numbers against a stored reference: at most 25 ms');
const reference = profileTable(tableFrom({ x: was }));
report('ours: profile, then all three', () => {
  const current = profileTable(tableFrom({ x: now }), { reference });
  return allThree(reference.columns.get('x')!, current.columns.get('x')!);
});
const { edges } = (reference.columns.get('x') as { histogram: { edges: Float64Array } }).histogram;
report('binary search per value over the same edges', () => counts(edges, now), 3);
report(
  'PSI as Evidently computes it, from both samples',
  () => peers['psi.evidently'].fromSamples(column(was), column(now)),
  2,
);
scipy('numpy.histogram(b, e)', 'b = r.random((3, n)).sum(0); e = numpy.quantile(b, numpy.linspace(0, 1, 129))');

heading('1 M dictionary codes of 50 categories against a stored reference: at most 2 ms');
const names = Array.from({ length: 50 }, (_, i) => `category ${i}`);
const codes = Int32Array.from({ length: ROWS }, () => Math.floor(50 * random.next() * random.next()));
const coded = dictionaryTable(codes);
const known = profileTable(coded);
report('ours: profile, then all three', () =>
  allThree(known.columns.get('x')!, profileTable(coded, { reference: known }).columns.get('x')!),
);
const strings = Array.from(codes, (code) => names[code]!);
report('a Map of the strings', () => countStrings(strings), 3);
scipy('numpy.bincount(b)', 'b = r.integers(0, 50, n).astype("int32")');

heading('1,000 columns x 100,000 rows through a monitor: at least 20 M cells/s');
// 50 different columns of 0.8 MB, so that no cache holds them.
const distinct = Array.from({ length: 50 }, () =>
  Float64Array.from({ length: 100_000 }, () => random.next() + random.next()),
);
const wide = tableFrom(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`c${i}`, distinct[i % 50]!])));
const stored = profileTable(wide);
const monitored = report(
  'ours: window, profile, 3,000 checks, record',
  () => {
    const monitor = createMonitor({ reference: stored, window: { rows: 100_000 } });
    if (monitor.observe(wide).length !== 1) throw new Error('no window was closed');
  },
  2,
);
say(`${(100 / (monitored / 1000)).toFixed(1)} M cells/s`);
const first = (stored.columns.get('c0') as { histogram: { edges: Float64Array } }).histogram.edges;
const plain = report('binary search per cell only, 50 columns', () => distinct.map((x) => counts(first, x)), 1);
say(`${(5 / (plain / 1000)).toFixed(1)} M cells/s`);

function allThree(a: Parameters<typeof cellsOf>[0], b: Parameters<typeof cellsOf>[0]) {
  const cells = cellsOf(a, b);
  return [
    psi(cells.reference, cells.current),
    jensenShannon(cells.reference, cells.current),
    distribution.fromProfiles!(a, b),
  ];
}

function dictionaryTable(values: Int32Array): Table {
  const chunk = {
    kind: 'dictionary',
    length: ROWS,
    nullCount: 0,
    validity: undefined,
    dictionary: names,
    codes: values,
  } as const;
  return {
    rowCount: ROWS,
    columns: new Map([['x', { name: 'x', type: 'dictionary', length: ROWS, nullCount: 0, chunks: [chunk] }]]),
  };
}

function heading(text: string): void {
  console.log(`\n${text}`);
}

function say(text: string): void {
  console.log(`  ${''.padEnd(58)}${text}`);
}

function report(name: string, work: () => unknown, rounds = 7): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`  ${name.padEnd(58)}${best.toFixed(2)} ms`);
  return best;
}

/** The same by Python, if it is there: on a million rows of its own. */
function scipy(expression: string, setup: string): void {
  const program = `
import time, numpy, scipy, scipy.stats
r = numpy.random.default_rng(1); n = ${ROWS}
${setup}
best = 1e9
for _ in range(3):
    t = time.perf_counter(); ${expression}; best = min(best, time.perf_counter() - t)
print(f"{best * 1000:.2f} ms (scipy {scipy.__version__}, numpy {numpy.__version__})")`;
  try {
    console.log(
      `  ${expression.padEnd(58)}${execFileSync('python3', ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()}`,
    );
  } catch {
    console.log(`  ${expression.padEnd(58)}not measured: no python3 with scipy`);
  }
}

function counts(between: Float64Array, values: Float64Array): Float64Array {
  const found = new Float64Array(between.length + 1);
  for (const value of values) {
    let low = 0;
    let high = between.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (between[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    found[low]!++;
  }
  return found;
}

function countStrings(values: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

function naiveKs(a: Float64Array, b: Float64Array): number {
  const [x, y] = [Array.from(a).sort((p, q) => p - q), Array.from(b).sort((p, q) => p - q)];
  const below = (sorted: readonly number[], value: number) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low / sorted.length;
  };
  let largest = 0;
  for (const value of [...x, ...y]) largest = Math.max(largest, Math.abs(below(x, value) - below(y, value)));
  return largest;
}
