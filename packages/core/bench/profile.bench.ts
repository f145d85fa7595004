import { seededRandom } from '../src/foundation/random.js';
import { profileTable } from '../src/profile/index.js';
import { type Table, tableFrom } from '../src/table/index.js';

/** Three million rows of five columns: full profiles, counts against a reference, and a plain loop for the same figures. */
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

report('full profile, own edges', () => profileTable(table));
report('counted against a reference', () => profileTable(table, { reference }));
for (const name of table.columns.keys()) report(`  ${name}`, () => profileTable(table, { reference, columns: [name] }));
report('plain loop: count, sum, squares, min, max and 129 cells by binary search', () => plainLoop(table));

function report(name: string, work: () => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${name}: ${best.toFixed(0)} ms, ${(ROWS / best / 1e3).toFixed(0)} M rows/s`);
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
