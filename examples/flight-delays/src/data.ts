import { openAsBlob } from 'node:fs';
import type { TableProfile } from '@millwright/core/profile';
import { columnOf, type DictionaryChunk, sliceTable, type Table, tableFrom } from '@millwright/core/table';
import { type Expectation, expect, type ValidationReport, validate } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import type { DatasetVersion } from '@millwright/registry';
import { count } from './console.js';
import { DATA_TEAM, type Factory } from './factory.js';
import { COLUMNS, flatten, type Period } from './flights.js';

/** Stores the file as it came: the raw layer is never changed. */
export async function addRaw({ registry }: Factory, file: string): Promise<DatasetVersion> {
  return registry.datasets.add(
    'flights-raw',
    { files: { 'flights-3m.parquet': await openAsBlob(file) } },
    { layer: 'raw', origin: 'npm:vega-datasets@3.2.1/data/flights-3m.parquet', actor: DATA_TEAM },
  );
}

/** What every month is held to. `january` is the reference for distributions; January itself has none. */
export function suite(airports: readonly string[], january?: TableProfile): readonly Expectation[] {
  return [
    expect.columns(COLUMNS),
    expect.rowCount({ min: 400_000, max: 600_000 }),
    ...COLUMNS.map((name) => expect.column(name).notNull()),
    expect.column('date').increasing(),
    expect.column('hour').between(0, 23),
    expect.column('weekday').between(0, 6),
    expect.column('miles').between(1, 5_000),
    expect.column('delay').between(-120, 1_440, { mostly: 0.9999 }),
    expect.column('origin').in(airports),
    expect.column('destination').in(airports),
    ...(january === undefined
      ? []
      : [
          expect.distribution('miles', { max: 0.05 }),
          expect.distribution('hour', { max: 0.05 }),
          expect.distribution('origin', { max: 0.1 }),
          expect.distribution('delay', { max: 0.1 }, { severity: 'warning' }),
        ]),
  ];
}

/** Validates one month and, if it passes, adds it to the curated layer with its lineage. */
export async function curate(
  { registry, screen }: Factory,
  month: Period,
  table: Table,
  raw: DatasetVersion,
  expectations: readonly Expectation[],
  reference?: TableProfile,
): Promise<DatasetVersion> {
  const report = validate(table, expectations, { reference, distributions });
  screen.line(`${month.name}: ${count(table.rowCount)} flights, ${verdictOf(report)}`);
  report.orThrow();
  return registry.datasets.add('flights', table, {
    layer: 'curated',
    madeFrom: [raw],
    validation: report,
    sourceTimes: { from: month.startMs, until: Math.min(month.endMs, month.startMs + 31 * 86_400_000) },
    actor: DATA_TEAM,
  });
}

/** A batch as it arrives on a bad day: a unit mistaken, a code nobody knows, an hour that does not exist. */
export function corrupted(table: Table): Table {
  const some = sliceTable(table, 0, 2_000);
  const { hour, miles } = flatten(some);
  const origin = (columnOf(some, 'origin').chunks as readonly DictionaryChunk[]).flatMap((chunk) =>
    Array.from(chunk.codes.subarray(0, chunk.length), (code) => chunk.dictionary[code] ?? null),
  );
  hour[17] = 31;
  miles[101] = -miles[101]!;
  origin[1_234] = '???';
  origin[1_500] = null;
  return tableFrom({ ...Object.fromEntries(some.columns), hour, miles, origin });
}

/** Failing rows, one line for each expectation. */
export function failures(report: ValidationReport): string[] {
  return report.failures.map(({ expectation, counts, samples, sentence }) => {
    const rows = samples.map(({ row, value }) => `row ${row}: ${JSON.stringify(value)}`).join(', ');
    return `${expectation.id}: ${rows === '' ? sentence : `${count(counts.unexpected)} unexpected (${rows})`}`;
  });
}

export function verdictOf(report: ValidationReport): string {
  const warnings = report.failures.filter(({ expectation }) => expectation.severity === 'warning');
  const what =
    report.verdict === 'pass'
      ? `${report.outcomes.length - report.failures.length} expectations kept`
      : `refused (${report.verdict})`;
  return warnings.length === 0 ? what : `${what}; warning: ${warnings.map(({ sentence }) => sentence).join(' ')}`;
}
