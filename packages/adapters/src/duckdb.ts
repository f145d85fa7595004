import type { Abortable } from '@millwright/core';
import {
  createValidator,
  type Expectation,
  type ValidationContext,
  type ValidationReport,
} from '@millwright/core/validation';
import { planChecks } from '@millwright/core/validation/engine';
import { testOf } from './duckdb/predicate.js';
import { scan } from './duckdb/scan.js';
import { type DuckDBConnection, type DuckDBSource, openSource } from './duckdb/source.js';
import { readTables } from './duckdb/tables.js';

export type { DuckDBConnection, DuckDBSource } from './duckdb/source.js';

/**
 * Checks a table in DuckDB, or Parquet files larger than memory, and gives the report that `validate` would give on the
 * same rows: verdicts, counts, samples, digest. What SQL can say exactly is one scan with a few counters for each check;
 * failing rows are fetched afterwards, and uniqueness is a grouping that DuckDB may spill to disk. What SQL cannot say
 * exactly (order, distributions, metrics, row schemas, keys of tables in memory, the order of text) is read in parts.
 *
 * `connection` is one of `@duckdb/node-api`, an optional peer. The data has to be at rest while it is checked, and points
 * in time are read to the microsecond.
 *
 * @throws `validation/plan` before any row is read; whatever DuckDB throws
 * @example
 * const connection = await (await DuckDBInstance.create()).connect();
 * const report = await validateInDuckDB(connection, { parquet: 'flights.parquet' }, contract.expectations);
 */
export async function validateInDuckDB(
  connection: DuckDBConnection,
  source: DuckDBSource,
  expectations: readonly Expectation[],
  context: ValidationContext = {},
  { signal }: Abortable = {},
): Promise<ValidationReport> {
  const from = await openSource(connection, source);
  const checks = planChecks(from.schema, expectations, context);
  const tests = checks.map((check) => testOf(check, from.schema, context.now));
  signal?.throwIfAborted();
  const { rows, parts } = await scan(from, tests, context.samples);

  const left = checks.filter((_, i) => tests[i] === undefined);
  const reader = createValidator(
    left.map((check) => check.expectation),
    context,
  );
  if (left.length > 0) {
    const columns = [...from.schema.keys()].filter((name) => left.some((check) => check.columns.includes(name)));
    for await (const table of readTables(from, columns)) {
      signal?.throwIfAborted();
      reader.observe(table);
    }
  }
  const read = reader.part().states.values();
  const states = parts.map((part) => part ?? read.next().value);
  const validator = createValidator(expectations, context);
  return validator.merge({ ...validator.part(), schema: [...from.schema.values()], rows, states }).report();
}
