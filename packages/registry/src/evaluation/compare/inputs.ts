import { type Digest, digestBytes, digestJson, invalidInput, MillwrightError } from '@millwright/core';
import { type ColumnView, readNumbers } from '@millwright/core/table';

/** Numbers, one per row: typed or plain array, or a column. Booleans count as 1 and 0. Missing is NaN or null. */
export type Values = ArrayLike<number | boolean | null> | ColumnView;

/** A model's answers: scores, values or labels, with the rows they belong to. */
export interface Predictions {
  /** What the report calls it: `flight-delay@3`. */
  readonly name?: string | undefined;
  /** Probabilities or scores, or predicted values of a regression. */
  readonly scores?: Values | undefined;
  /** Decided labels, for a model without scores. */
  readonly labels?: Values | undefined;
  /** One id per answer; needed when the answers are not in the order of the truth. */
  readonly rowIds?: ArrayLike<string | number> | undefined;
  /** Of this model, where it differs. */
  readonly threshold?: number | undefined;
}

/** One side, aligned to the truth's rows; NaN where there is no answer. */
export interface AlignedPredictions {
  readonly name: string;
  readonly values: Float64Array;
  readonly areScores: boolean;
  readonly threshold: number | undefined;
  readonly unmatched: number;
  readonly digest: Digest;
}

/**
 * Reads a side and joins it to the truth by row id where both have ids, else by position.
 *
 * @throws `evaluation/unmatched` for another number of rows without ids, `input/invalid`
 */
export function align(
  side: 'champion' | 'challenger',
  given: Predictions | Values,
  truthIds: ArrayLike<string | number> | undefined,
  rows: number,
): AlignedPredictions {
  const predictions: Predictions = isPredictions(given)
    ? given
    : isInteger(given)
      ? { labels: given }
      : { scores: given };
  const source = predictions.scores ?? predictions.labels;
  if (source === undefined) throw invalidInput(side, 'answers as `scores` or `labels`', given);
  const values = toNumbers(side, source);
  const joined = join(side, values, predictions.rowIds, truthIds, rows);
  return {
    name: predictions.name ?? side,
    values: joined.values,
    areScores: predictions.scores !== undefined,
    threshold: predictions.threshold,
    unmatched: joined.unmatched,
    digest:
      predictions.rowIds === undefined
        ? digestNumbers(values)
        : digestJson([digestNumbers(values), digestJson(Array.from(predictions.rowIds))]),
  };
}

/** Numbers of any accepted form. */
export function toNumbers(name: string, values: Values): Float64Array {
  if ('chunks' in values) return readNumbers(values);
  if (values instanceof Float64Array) return values;
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== null && value !== undefined && typeof value !== 'number' && typeof value !== 'boolean')
      throw invalidInput(`${name}[${i}]`, 'a number, a boolean or null', value);
    out[i] = value === null || value === undefined ? Number.NaN : Number(value);
  }
  return out;
}

/** The digest of doubles in little-endian order; every NaN counts as the same. */
export function digestNumbers(values: Float64Array): Digest {
  return digestBytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function isPredictions(given: Predictions | Values): given is Predictions {
  return !('length' in given) && !('chunks' in given);
}

function isInteger(values: Values): boolean {
  if ('chunks' in values) return values.type !== 'f64' && values.type !== 'f32';
  return (
    values instanceof Uint8Array ||
    values instanceof Int8Array ||
    values instanceof Uint16Array ||
    values instanceof Int16Array ||
    values instanceof Uint32Array ||
    values instanceof Int32Array ||
    typeof values[0] === 'boolean'
  );
}

function join(
  side: string,
  values: Float64Array,
  ids: ArrayLike<string | number> | undefined,
  truthIds: ArrayLike<string | number> | undefined,
  rows: number,
): { readonly values: Float64Array; readonly unmatched: number } {
  if (ids === undefined || truthIds === undefined) {
    if (values.length === rows) return { values, unmatched: 0 };
    throw new MillwrightError(
      'evaluation/unmatched',
      `The ${side} has ${values.length} answers for ${rows} rows of truth. Give \`rowIds\` on both sides to join them.`,
      {
        details:
          side === 'champion'
            ? { champion: values.length, challenger: rows }
            : { champion: rows, challenger: values.length },
      },
    );
  }
  if (ids.length !== values.length)
    throw invalidInput(`${side}.rowIds`, `${values.length} ids, one per answer`, ids.length);
  const rowOf = new Map<string | number, number>();
  for (let i = 0; i < ids.length; i++) {
    if (rowOf.has(ids[i]!)) throw invalidInput(`${side}.rowIds`, 'ids that occur once', ids[i]);
    rowOf.set(ids[i]!, i);
  }
  const out = new Float64Array(rows).fill(Number.NaN);
  let found = 0;
  for (let i = 0; i < rows; i++) {
    const row = rowOf.get(truthIds[i]!);
    if (row === undefined) continue;
    found++;
    out[i] = values[row]!;
  }
  return { values: out, unmatched: rows - found + (values.length - found) };
}
