import type { Digest } from '../foundation/digest.js';

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
  readonly maxLength?: number | undefined;
  /** For `tensor`: element type and dimensions; a string is a symbolic dimension. */
  readonly dtype?: string | undefined;
  readonly dims?: readonly (number | string)[] | undefined;
  readonly description?: string | undefined;
}

export type Fields = Readonly<Record<string, FieldSpec>>;

/** What goes in and what comes out. */
export interface Contract<I extends Fields = Fields, O extends Fields = Fields> {
  readonly format: 'millwright.contract/1';
  readonly inputs: I;
  readonly outputs: O;
  readonly digest: Digest;
}
