import type { Digest } from '../foundation/digest.js';
import type { Expectation } from '../validation/types.js';

/** What a field holds. */
export type ValueType = 'number' | 'integer' | 'boolean' | 'category' | 'text' | 'timestamp' | 'probability' | 'tensor';

/** What happens when an optional input is not there. */
export type Fallback =
  | { readonly kind: 'default'; readonly value: string | number | boolean }
  | { readonly kind: 'mask' }
  | { readonly kind: 'arm'; readonly arm: string }
  | { readonly kind: 'abstain' };

/** One input or output of a model, or one column of a table. Data, so that it has a digest and can be stored and compared. */
export interface FieldSpec {
  readonly type: ValueType;
  /** Default false. */
  readonly nullable?: boolean | undefined;
  /** Absent input is filled by the fallback. Fields without one are required. */
  readonly fallback?: Fallback | undefined;
  /** Inclusive bounds. NaN is outside every range. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Unit of measure (UCUM or plain: `mi`, `km`, `min`). Two units are never compatible in silence. */
  readonly unit?: string | undefined;
  readonly categories?: readonly string[] | undefined;
  /** Length of `text` in code points. */
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  /** What `text` has to contain, as in `expect.column(…).matches`. */
  readonly pattern?: string | undefined;
  /** For `tensor`: element type and dimensions; a string is a symbolic dimension, equal wherever it occurs. */
  readonly dtype?: string | undefined;
  readonly dims?: readonly (number | string)[] | undefined;
  readonly description?: string | undefined;
}

/** Fields by name. */
export type Fields = Readonly<Record<string, FieldSpec>>;

/** What a check does with fields that the contract does not name: leave them out of the result, or refuse the value. */
export type UnknownFields = 'drop' | 'refuse';

/** What goes in and what comes out. */
export interface Contract<I extends Fields = Fields, O extends Fields = Fields> {
  readonly format: 'millwright.contract/1';
  readonly inputs: I;
  readonly outputs: O;
  readonly unknownFields: UnknownFields;
  /** Digest of everything above. */
  readonly digest: Digest;
  /** What a table of inputs has to keep, for `validate`. Derived: neither enumerable nor part of the digest. */
  readonly expectations: readonly Expectation[];
}

/** A tensor as contracts see one. */
export interface TensorValue {
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint | string | boolean>;
}

/** What a caller may give for a field, and what a check returns for it. */
interface Given {
  number: number;
  integer: number;
  probability: number;
  boolean: boolean;
  category: string;
  text: string;
  timestamp: number | string | Date;
  tensor: TensorValue;
}
interface Checked extends Omit<Given, 'timestamp'> {
  /** Milliseconds since 1970. */
  timestamp: number;
}

type OrNull<F extends FieldSpec> = F extends { readonly nullable: true } ? null : never;
type Value<F extends FieldSpec, Map extends Record<ValueType, unknown>> =
  | (F extends { readonly type: 'category'; readonly categories: readonly (infer C extends string)[] }
      ? C
      : Map[F['type']])
  | OrNull<F>;

type Optional<F extends Fields> = { [K in keyof F]: F[K] extends { readonly fallback: Fallback } ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
type Masked<F extends FieldSpec> = F extends { readonly fallback: { readonly kind: 'default' } }
  ? never
  : F extends { readonly fallback: Fallback }
    ? null
    : never;

/** What a caller gives: fields with a fallback may be left out, points in time may be ISO 8601 strings. */
export type GivenFields<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, Optional<F>>]: Value<F[K], Given & Record<ValueType, unknown>> } & {
    readonly [K in Optional<F>]?: Value<F[K], Given & Record<ValueType, unknown>> | null | undefined;
  }
>;

/** What a check returns: every field is there; one without a default that was left out is null. */
export type CheckedFields<F extends Fields> = {
  readonly [K in keyof F]: Value<F[K], Checked & Record<ValueType, unknown>> | Masked<F[K]>;
};

/** What a caller of the model gives. */
export type InputOf<C extends Contract> = GivenFields<C['inputs']>;
/** What the model gets after `checkInput`. */
export type CheckedInputOf<C extends Contract> = CheckedFields<C['inputs']>;
/** What the model returns. */
export type OutputOf<C extends Contract> = CheckedFields<C['outputs']>;
