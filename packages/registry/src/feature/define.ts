import { canonicalJson, type Digest, digestJson, invalidInput, parseName } from '@millwright/core';
import {
  type ColumnInput,
  columnOf,
  readNumbers,
  readStrings,
  type Table,
  tableFrom,
  valueAt,
} from '@millwright/core/table';

/** What a feature reads. */
export type InputType = 'number' | 'category' | 'boolean';
interface InputTypes {
  readonly number: number;
  readonly category: string;
  readonly boolean: boolean;
}

/** One feature: what it reads and how it is computed from one row. */
export interface Feature<I extends Readonly<Record<string, InputType>> = Readonly<Record<string, InputType>>> {
  readonly inputs: I;
  /**
   * Computed when all inputs are there; a missing input makes a missing feature. The row object is used again for the
   * next row: read it, do not keep it.
   */
  compute(row: { readonly [K in keyof I]: InputTypes[I[K]] }): FeatureValue;
}

/** What a feature of one row may be; null is missing. */
export type FeatureValue = number | string | boolean | null;

/** Declares one feature with the types of its inputs. */
export function feature<const I extends Readonly<Record<string, InputType>>>(
  inputs: I,
  compute: Feature<I>['compute'],
): Feature<I> {
  return { inputs, compute };
}

/** Features under one name, computed by the same functions offline and online. */
export interface FeatureSet {
  readonly name: string;
  /** Of name, version, inputs and what the features are for the probe rows: the same in every bundle and engine. */
  readonly digest: Digest;
  /** Offline: all rows of a table. Columns of the result are the features. @throws `table/column` */
  table(table: Table): Table;
  /** Online: one row, by the same functions. Absent or null inputs make null features. */
  row(input: Readonly<Record<string, unknown>>): Record<string, FeatureValue>;
}

/** What tells versions of a feature set apart. */
export interface FeatureSetOptions {
  /** Part of the digest. Default 1. */
  readonly version?: number | undefined;
  /** Rows whose features are part of the digest, so that a changed function has another one. */
  readonly probe?: readonly Readonly<Record<string, FeatureValue>>[] | undefined;
}

/**
 * Features that are written once and run in two places: over columns for training, on single rows for serving.
 *
 * @throws `input/invalid`
 * @example
 * const features = defineFeatures('flight-features', {
 *   evening: feature({ hour: 'number' }, ({ hour }) => hour >= 18),
 *   route: feature({ origin: 'category', destination: 'category' }, (f) => `${f.origin}-${f.destination}`),
 * });
 */
export function defineFeatures(
  name: string,
  features: Readonly<Record<string, Feature>>,
  options: FeatureSetOptions = {},
): FeatureSet {
  const { version = 1, probe = [] } = options;
  const parsed = parseName(name, 'feature set name');
  const all = Object.entries(features);
  if (all.length === 0) throw invalidInput('features', 'at least one feature', 0);
  const row = (input: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(all.map(([key, f]): [string, FeatureValue] => [key, computeRow(f, input)]));
  const body = {
    name: parsed,
    version,
    features: Object.fromEntries(all.map(([key, { inputs }]) => [key, { ...inputs }])),
    probe: probe.map((input) => [JSON.parse(canonicalJson(input)), rounded(row(input))]),
  };
  return {
    name: parsed,
    digest: digestJson(body),
    row,
    table: (table) => tableFrom(Object.fromEntries(all.map(([key, f]) => [key, computeColumn(f, table)]))),
  };
}

function computeRow({ inputs, compute }: Feature, input: Readonly<Record<string, unknown>>): FeatureValue {
  const row: Record<string, FeatureValue> = {};
  for (const [name, type] of Object.entries(inputs)) {
    const value = input[name];
    if (value === undefined || value === null) return null;
    if (typeof value !== JS_TYPES[type]) throw invalidInput(name, `a ${JS_TYPES[type]}`, value);
    row[name] = value as FeatureValue;
  }
  return compute(row as Parameters<typeof compute>[0]);
}

function computeColumn({ inputs, compute }: Feature, table: Table): ColumnInput {
  const readers = Object.entries(inputs).map(([name, type]) => [name, columnReader(table, name, type)] as const);
  const row: Record<string, FeatureValue> = {};
  const out: FeatureValue[] = new Array(table.rowCount);
  rows: for (let i = 0; i < table.rowCount; i++) {
    for (const [name, read] of readers) {
      const value = read(i);
      if (value === null) {
        out[i] = null;
        continue rows;
      }
      row[name] = value;
    }
    out[i] = compute(row as Parameters<typeof compute>[0]);
  }
  return out;
}

function columnReader(table: Table, name: string, type: InputType): (row: number) => FeatureValue {
  const column = columnOf(table, name);
  if (type === 'category') {
    const strings = readStrings(column);
    return (row) => strings[row]!;
  }
  const numbers = readNumbers(column);
  const isNull = column.nullCount === 0 ? () => false : (row: number) => valueAt(column, row) === null;
  if (type === 'boolean') return (row) => (isNull(row) ? null : numbers[row] === 1);
  return (row) => (isNull(row) ? null : numbers[row]!);
}

const JS_TYPES: Readonly<Record<InputType, string>> = { number: 'number', category: 'string', boolean: 'boolean' };

/** Ten digits: engines may differ in the last bits of `Math.sin`. */
function rounded(values: Readonly<Record<string, FeatureValue>>): Record<string, FeatureValue> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'number' ? value.toPrecision(10) : value]),
  );
}
