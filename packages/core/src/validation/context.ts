import type { TableProfile } from '../profile/types.js';
import type { ColumnView, Table } from '../table/types.js';
import type { SampleOptions } from './sampler.js';
import type { CheckState } from './state.js';
import type { Check, CheckKind } from './types.js';

/** What expectations may refer to besides the table. */
export interface ValidationContext {
  /** The profile that distributions and metrics are compared with. */
  readonly reference?: TableProfile | undefined;
  /** The tables that `references` looks into. */
  readonly tables?: Readonly<Record<string, Table>> | undefined;
  /** The time that `fresh` measures ages from, in milliseconds since 1970. */
  readonly now?: number | undefined;
  /** The version of the dataset that the table is, which `version` compares with. */
  readonly version?: string | undefined;
  /** Row schemas by name: `rowSchemas({ … })` of `@millwright/core/validation/row`. */
  readonly rows?: Binder<'row'> | undefined;
  /** What compares distributions: `distributions` of `@millwright/core/validation/distribution`. */
  readonly distributions?: Binder<'distribution'> | undefined;
  /** What computes metrics: `metrics` of `@millwright/core/validation/metric`. */
  readonly metrics?: Binder<'metric'> | undefined;
  readonly samples?: SampleOptions | undefined;
}

/** Fits a check to a schema: how to start it, or what is wrong with it. */
export type Binder<K extends CheckKind> = (
  check: Check & { readonly kind: K },
  schema: Schema,
  context: ValidationContext,
) => (() => CheckState) | string;

/** A column as the schema has it. */
export type ColumnSchema = Pick<ColumnView, 'name' | 'type' | 'unitsPerMs'>;

/** The columns of a table by name. */
export type Schema = ReadonlyMap<string, ColumnSchema>;

/** Columns whose type, and columns whose presence, the suite states. */
export interface Stated {
  readonly types: ReadonlySet<string>;
  readonly present: ReadonlySet<string>;
}
