import { DuckDBInstance } from '@duckdb/node-api';
import { seededRandom } from '../src/foundation/random.js';
import { profileTable } from '../src/profile/index.js';
import { columnSketches } from '../src/profile/sketch/index.js';
import { type Table, tableFrom } from '../src/table/index.js';

/** Three million rows of five columns: full profiles, DuckDB's SUMMARIZE of the same rows, and a plain loop for the same figures. */
const ROWS = 3_000_000;
const random = seededRandom(1);
const many = { length: ROWS };
const dictionary = Array.from({ length: 300 }, (_, i) => `A${i}`);
const table = tableFrom({
  delay: Int16Array.from(many, () => Math.exp(random.next() * 6) - 20),
  miles: Int16Array.from(many, () => 100 + random.next() * 2_000),
  price: Float64Array.from(many, () => (random.next() + random.next() + random.next()) * 1e3),
  score: Float32Array.from(many, () => random.next()),
  origin: {
    name: 'origin',
    type: 'dictionary',
    length: ROWS,
    nullCount: 0,
    chunks: [
      {
        kind: 'dictionary',
        length: ROWS,
        nullCount: 0,
        validity: undefined,
        codes: Int16Array.from(many, () => random.next() * 300),
        dictionary,
      },
    ],
  },
});
const reference = profileTable(table);

const full = report('full profile, own edges', () => profileTable(table));
report('  with the sums for skewness and kurtosis', () => profileTable(table, { shape: true }), 2);
report('  with sketches', () => profileTable(table, { sketcher: columnSketches() }), 2);
report('counted against a reference', () => profileTable(table, { reference }));
for (const name of table.columns.keys()) report(`  ${name}`, () => profileTable(table, { reference, columns: [name] }));
const loop = report('plain loop: count, sum, squares, min, max and cells by binary search', () => plainLoop(table), 2);
const summarize = await duckdb();
console.log(
  `A full profile is ${(summarize / full).toFixed(1)} x SUMMARIZE on 1 thread and ${(loop / full).toFixed(1)} x the plain loop.`,
);

function report(name: string, work: () => unknown, rounds = 7): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return line(name, best);
}

function line(name: string, ms: number): number {
  console.log(
    `${name.padEnd(70)} ${ms.toFixed(0).padStart(6)} ms ${(ROWS / ms / 1e3).toFixed(1).padStart(7)} M rows/s`,
  );
  return ms;
}

/** SUMMARIZE gives counts, extremes, mean, deviation, three approximate quartiles and an approximate distinct count. */
async function duckdb(): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run('SELECT setseed(0.5)');
  // The same distributions, made where they are read: loading three million rows would take longer than all else.
  await connection.run(`CREATE TABLE flights AS SELECT
    CAST(exp(random() * 6) - 20 AS SMALLINT) AS delay, CAST(100 + random() * 2000 AS SMALLINT) AS miles,
    (random() + random() + random()) * 1e3 AS price, CAST(random() AS FLOAT) AS score,
    'A' || CAST(floor(random() * 300) AS INTEGER) AS origin FROM range(${ROWS})`);
  const times: number[] = [];
  for (const threads of [1, 2]) {
    await connection.run(`SET threads TO ${threads}`);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      await connection.runAndReadAll('SUMMARIZE flights');
      best = Math.min(best, performance.now() - start);
    }
    times.push(line(`DuckDB SUMMARIZE, ${threads} thread${threads > 1 ? 's' : ''}`, best));
  }
  connection.closeSync();
  instance.closeSync();
  return times[0]!;
}

/** What one would write by hand for the numeric columns; sums round, merging changes bits. */
function plainLoop(from: Table): number {
  let sink = 0;
  for (const name of ['delay', 'miles', 'price', 'score']) {
    const [chunk] = from.columns.get(name)!.chunks;
    const was = reference.columns.get(name)!;
    if (chunk?.kind !== 'number' || was.kind !== 'number') continue;
    const { edges } = was.histogram;
    const cells = new Float64Array(edges.length + 1);
    let [sum, squares, min, max] = [0, 0, Infinity, -Infinity];
    for (let i = 0; i < chunk.length; i++) {
      const value = chunk.values[i]!;
      sum += value;
      squares += value * value;
      if (value < min) min = value;
      if (value > max) max = value;
      let low = 0;
      let high = edges.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (edges[middle]! <= value) low = middle + 1;
        else high = middle;
      }
      cells[low]!++;
    }
    sink += sum + squares + min + max + cells[0]!;
  }
  return sink;
}
