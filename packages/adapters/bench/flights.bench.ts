import { DuckDBInstance } from '@duckdb/node-api';
import { profileTable } from '@millwright/core/profile';
import { columnOf, type Table } from '@millwright/core/table';
import {
  type Expectation,
  expect,
  type ValidationContext,
  type ValidationReport,
  validate,
} from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { metrics } from '@millwright/core/validation/metric';
import { COLUMNS, flightsFile, readFlights } from '../../../examples/flight-delays/src/flights.js';
import { validateInDuckDB } from '../src/duckdb.js';

/**
 * Three million flights in a Parquet file of 13 MB, as the example reads them: decoded into typed columns, validated by
 * the example's suite and more, profiled. Then the same file through DuckDB, which never holds it in memory. Each step
 * the best of three; the first round, compiling included, is printed too.
 */
const file = flightsFile();
const rounds: Record<string, number>[] = [];
let table: Table | undefined;
let report: ValidationReport | undefined;
for (let round = 0; round < 3; round++) {
  const ms: Record<string, number> = {};
  table = await timed(ms, 'decode', () => readFlights(file, () => {}));
  const reference = await timed(ms, 'profile', () => profileTable(table!));
  report = await timed(ms, 'validate', () => validate(table!, suite(table!), { reference, metrics, distributions }));
  rounds.push(ms);
}
const rows = table!.rowCount;
const first = rounds[0]!;
console.log(
  `${rows.toLocaleString('en')} rows, ${COLUMNS.length} columns, ${report!.outcomes.length} expectations: ${report!.verdict}`,
);
console.log(`${'step'.padEnd(34)} ${'first'.padStart(8)} ${'best'.padStart(8)}    M rows/s`);
let total = 0;
for (const step of Object.keys(first)) {
  const best = Math.min(...rounds.map((ms) => ms[step]!));
  total += best;
  line(step, first[step]!, best);
}
line(
  'end to end',
  Object.values(first).reduce((a, b) => a + b),
  total,
);

// DuckDB reads the columns of the file as they are; hour and weekday are the example's own.
const own = await suiteOfFile();
const connection = await (await DuckDBInstance.create(':memory:')).connect();
for (const threads of [1, 2]) {
  await connection.run(`SET threads = ${threads}`);
  const runs: number[] = [];
  let found: ValidationReport | undefined;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    found = await validateInDuckDB(connection, { parquet: file }, own.suite);
    runs.push(performance.now() - start);
  }
  line(
    `DuckDB, ${threads} thread${threads > 1 ? 's' : ''}, ${own.suite.length} expectations`,
    runs[0]!,
    Math.min(...runs),
  );
  const same = JSON.stringify(found!.outcomes.map((o) => o.counts)) === JSON.stringify(own.counts);
  console.log(`  counts ${same ? 'equal' : 'differ from'} those of the engine in memory`);
}
const peak = process.resourceUsage().maxRSS / 1024;
console.log(`peak memory of the process ${peak.toFixed(0)} MB`);

function suite(of: Table): readonly Expectation[] {
  const airports = [
    ...new Set(columnOf(of, 'origin').chunks.flatMap((c) => (c.kind === 'dictionary' ? c.dictionary : []))),
  ];
  return [
    expect.columns(COLUMNS),
    expect.rowCount({ min: 3_000_000 }),
    ...COLUMNS.map((name) => expect.column(name).notNull()),
    expect.column('date').increasing(),
    expect.column('hour').between(0, 23),
    expect.column('weekday').between(0, 6),
    expect.column('miles').between(1, 5_000),
    expect.column('delay').between(-120, 1_440, { mostly: 0.9999 }),
    expect.column('origin').in(airports.filter((a) => a !== null)),
    expect.column('destination').matches('^[A-Z0-9]{3}$'),
    expect.compare('origin', '!=', 'destination', { mostly: 0.999 }),
    expect.metric('delay', 'mean', { min: 0, max: 20 }),
    ...['miles', 'hour', 'origin', 'delay'].map((name) => expect.distribution(name, { max: 0.01 })),
  ];
}

async function suiteOfFile(): Promise<{ suite: readonly Expectation[]; counts: unknown }> {
  const columns = {
    date: 'date',
    delay: 'delay',
    distance: 'miles',
    origin: 'origin',
    destination: 'destination',
  } as const;
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const checks = (of: (name: keyof typeof columns) => string) => [
    ...names.map((name) => expect.column(of(name)).notNull()),
    expect.column(of('distance')).between(1, 5_000),
    expect.column(of('delay')).between(-120, 1_440, { mostly: 0.9999 }),
    expect.column(of('destination')).matches('^[A-Z0-9]{3}$'),
    expect.column(of('origin')).length({ min: 3, max: 3 }),
  ];
  const context: ValidationContext = {};
  const inMemory = validate(
    table!,
    checks((name) => columns[name]),
    context,
  );
  return { suite: checks((name) => name), counts: inMemory.outcomes.map((o) => o.counts) };
}

async function timed<T>(ms: Record<string, number>, step: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  ms[step] = performance.now() - start;
  return result;
}

function line(name: string, cold: number, best: number): void {
  console.log(
    `${name.padEnd(34)} ${cold.toFixed(0).padStart(5)} ms ${best.toFixed(0).padStart(5)} ms ${(rows / best / 1e3).toFixed(1).padStart(11)}`,
  );
}
