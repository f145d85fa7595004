import type { StandardSchemaV1 } from '@standard-schema/spec';
import { invalidInput } from '../foundation/errors.js';
import { columnView, valueAt } from '../table/table.js';
import type { Value } from '../table/types.js';
import { isValid } from '../table/validity.js';
import { rowState } from './checks/row-state.js';
import type { Binder } from './context.js';
import { sampleValue } from './slots.js';
import type { SampleValue } from './types.js';

/** How a row of a table looks to the schema. */
export interface RowSchemaOptions {
  /** What a row holds where the table has null: `null`, or no key at all, as optional keys want it. Default `null`. */
  readonly nulls?: 'null' | 'absent' | undefined;
}

/**
 * Row schemas for `expect.row(name)`: any Standard Schema that answers at once (zod, valibot, arktype, …). A row is an
 * object of the columns, with values as `rowOf` gives them: points in time are milliseconds, 64-bit integers bigint. For
 * what columns cannot say, such as rules across several of them; about a hundred times slower than a column check.
 *
 * A schema that throws has not accepted the row. One that answers with a promise, as zod does where a refinement throws,
 * ends the validation with `input/invalid`.
 *
 * @example
 * validate(table, [expect.row('flight')], { rows: rowSchemas({ flight: z.object({ hour: z.int().max(23) }) }) });
 */
export function rowSchemas(
  schemas: Readonly<Record<string, StandardSchemaV1>>,
  { nulls = 'null' }: RowSchemaOptions = {},
): Binder<'row'> {
  return (check, columns, { samples = {} }) => {
    if (!Object.hasOwn(schemas, check.schema)) return `give the row schema \`${check.schema}\` to \`rowSchemas\``;
    const schema = schemas[check.schema]!;
    const names = check.columns ?? [...columns.keys()];
    return () =>
      rowState(samples, ({ tally, sampler }, block, mask) => {
        const readers = names.map((name) => {
          const { column, chunk, from } = block.slots.get(name)!;
          const view = columnView(column, [chunk]);
          return (k: number): Value => (isValid(chunk.validity, from + k) ? valueAt(view, from + k) : null);
        });
        for (let k = 0; k < block.length; k++) {
          if (mask && mask[k] === 0) {
            tally.excluded++;
            continue;
          }
          const cells: [string, Value][] = [];
          for (let c = 0; c < names.length; c++) {
            const value = readers[c]!(k);
            if (value !== null || nulls === 'null') cells.push([names[c]!, value]);
          }
          const complaint = complaintOf(check.schema, schema, Object.fromEntries(cells));
          if (complaint === undefined) continue;
          tally.unexpected++;
          sampler.add(block.row + k, () => complaint);
        }
      });
  };
}

/** What is wrong with a row, in the schema's words: `path: message`. */
function complaintOf(name: string, schema: StandardSchemaV1, row: Record<string, Value>): SampleValue | undefined {
  let result: ReturnType<StandardSchemaV1['~standard']['validate']>;
  try {
    result = schema['~standard'].validate(row);
  } catch (error) {
    return sampleValue(`threw: ${error instanceof Error ? error.message : String(error)}`);
  }
  if ('then' in result) {
    // Its answer, or its failure, comes when nobody waits for it any more.
    result.then(undefined, () => {});
    throw invalidInput(`rows.${name}`, 'a schema that answers at once', 'a promise');
  }
  const [issue] = result.issues ?? [];
  if (issue === undefined) return result.issues === undefined ? undefined : 'refused';
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return sampleValue(path === '' ? issue.message : `${path}: ${issue.message}`);
}
