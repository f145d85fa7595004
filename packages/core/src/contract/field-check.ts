import { compilePattern } from '../validation/pattern/pattern.js';
import { codePoints, timeOf } from '../validation/text.js';
import type { FieldSpec, TensorValue } from './types.js';

/** What a check returns when the value does not fit. */
export const FAIL: unique symbol = Symbol('does not fit');

/** Sizes that symbolic dimensions have been found to stand for in one value. */
export type Bindings = Map<string, number>;

/** The value as the model gets it, or `FAIL`. Never sees undefined or null. */
export type FieldCheck = (value: unknown, bindings: Bindings | undefined) => unknown;

/** Compiles one field into a closure; bounds that are not given become the largest finite numbers. */
export function fieldCheck(spec: FieldSpec): FieldCheck {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = spec;
  switch (spec.type) {
    case 'number':
      return (value) => (typeof value === 'number' && value >= min && value <= max ? value : FAIL);
    case 'integer':
      return (value) =>
        Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? value : FAIL;
    case 'probability':
      return (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? value : FAIL);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : FAIL);
    case 'category': {
      if (spec.categories === undefined) return (value) => (typeof value === 'string' ? value : FAIL);
      const allowed = new Set<unknown>(spec.categories);
      return (value) => (allowed.has(value) ? value : FAIL);
    }
    case 'text':
      return textCheck(spec);
    case 'timestamp':
      return (value) => {
        const ms = timeOf(value);
        return ms >= min && ms <= max ? ms : FAIL;
      };
    case 'tensor':
      return tensorCheck(spec);
    default:
      return spec.type satisfies never;
  }
}

function textCheck(spec: FieldSpec): FieldCheck {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = spec;
  const pattern = spec.pattern === undefined ? undefined : compilePattern(spec.pattern);
  return (value) => {
    if (typeof value !== 'string') return FAIL;
    // UTF-16 length bounds the number of code points from both sides, so that most text need not be counted.
    if (value.length > maxLength || value.length < 2 * minLength) {
      if (value.length > 2 * maxLength || value.length < minLength) return FAIL;
      const length = codePoints(value);
      if (length < minLength || length > maxLength) return FAIL;
    }
    return pattern === undefined || pattern.matches(value) ? value : FAIL;
  };
}

function tensorCheck(spec: FieldSpec): FieldCheck {
  const dims = spec.dims ?? [];
  return (value, bindings) => {
    if (!isTensor(value) || value.dtype !== spec.dtype || value.dims.length !== dims.length) return FAIL;
    let elements = 1;
    for (let i = 0; i < dims.length; i++) {
      const size = value.dims[i]!;
      const dim = dims[i]!;
      if (!Number.isSafeInteger(size) || size < 0) return FAIL;
      const expected = typeof dim === 'number' ? dim : (bindings?.get(dim) ?? size);
      if (size !== expected) return FAIL;
      if (typeof dim === 'string') bindings?.set(dim, size);
      elements *= size;
    }
    return value.data.length === elements ? value : FAIL;
  };
}

function isTensor(value: unknown): value is TensorValue {
  if (typeof value !== 'object' || value === null) return false;
  const { dtype, dims, data } = value as Partial<TensorValue>;
  return (
    typeof dtype === 'string' &&
    Array.isArray(dims) &&
    (Array.isArray(data) || (ArrayBuffer.isView(data) && 'length' in data))
  );
}
