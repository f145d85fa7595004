import { MillwrightError } from '@millwright/core';
import { type ColumnView, columnOf, readCodes, readNumbers, type Table } from '@millwright/core/table';
import type { Matrix } from '../learner/learner.js';

/** Turns rows into numbers as the reference's rows are: amounts as they are, categories by how common they were. */
export interface Encoder {
  readonly columns: readonly string[];
  /** Null is NaN; a category that the reference does not know is 0. @throws `table/column` */
  encode(table: Table): Matrix;
}

/**
 * Learns the encoding from a reference. Leave out identifiers and timestamps: they tell any two samples apart.
 *
 * @throws `table/column` for a column of neither numbers nor strings
 */
export function encoderOf(reference: Table, columns: readonly string[] = [...reference.columns.keys()]): Encoder {
  const encoders = columns.map((name) => encodeColumn(columnOf(reference, name)));
  return {
    columns,
    encode: (table) => ({
      rows: table.rowCount,
      columns: columns.map((name, k) => encoders[k]!(columnOf(table, name))),
    }),
  };
}

function encodeColumn(reference: ColumnView): (column: ColumnView) => Float64Array {
  switch (reference.type) {
    case 'utf8':
    case 'dictionary':
      return encodeCategories(reference);
    case 'decimal':
    case 'list':
    case 'other':
      throw new MillwrightError(
        'table/column',
        `Expected \`${reference.name}\` to hold numbers, booleans or strings.`,
        {
          details: { column: reference.name, expected: 'numbers, booleans or strings', received: reference.type },
        },
      );
    default:
      return readNumbers;
  }
}

function encodeCategories(reference: ColumnView): (column: ColumnView) => Float64Array {
  const { codes, dictionary } = readCodes(reference);
  const counts = new Float64Array(dictionary.length);
  let rows = 0;
  for (const code of codes) {
    if (code < 0) continue;
    counts[code]!++;
    rows++;
  }
  const shares = new Map(dictionary.map((name, code) => [name, counts[code]! / rows]));
  return (column) => {
    const encoded = readCodes(column);
    const byCode = encoded.dictionary.map((name) => shares.get(name) ?? 0);
    return Float64Array.from(encoded.codes, (code) => (code < 0 ? Number.NaN : byCode[code]!));
  };
}
