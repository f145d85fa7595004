import type { FieldSpec } from './types.js';

/** Options that every kind of field takes. */
type Common = Pick<FieldSpec, 'nullable' | 'fallback' | 'description'>;
type Numeric = Common & Pick<FieldSpec, 'min' | 'max' | 'unit'>;
type Category = Common & Pick<FieldSpec, 'categories'>;
type Text = Common & Pick<FieldSpec, 'minLength' | 'maxLength' | 'pattern'>;
type Tensor = Common & Pick<FieldSpec, 'unit'> & Required<Pick<FieldSpec, 'dtype' | 'dims'>>;

/** Builders for the fields of a contract. Each returns plain data. */
export const column = {
  /** A finite number. */
  number: <const O extends Numeric = object>(options?: O) => field('number', options),
  /** A whole number that JavaScript holds exactly. */
  integer: <const O extends Numeric = object>(options?: O) => field('integer', options),
  /** A number from 0 to 1. */
  probability: <const O extends Common = object>(options?: O) => field('probability', options),
  boolean: <const O extends Common = object>(options?: O) => field('boolean', options),
  /** One of `categories`, or any string when they are not given. */
  category: <const O extends Category = object>(options?: O) => field('category', options),
  /** Free text, measured in code points. */
  text: <const O extends Text = object>(options?: O) => field('text', options),
  /** A point in time: milliseconds since 1970, a `Date`, or an ISO 8601 string with an offset. */
  timestamp: <const O extends Pick<Numeric, keyof Common | 'min' | 'max'> = object>(options?: O) =>
    field('timestamp', options),
  /** A tensor with element type and dimensions; a string is a symbolic dimension. */
  tensor: <const O extends Tensor>(options: O) => field('tensor', options),
} as const;

function field<const T extends FieldSpec['type'], O extends object>(type: T, options: O | undefined) {
  return { type, ...options } as { readonly type: T } & Readonly<O>;
}
