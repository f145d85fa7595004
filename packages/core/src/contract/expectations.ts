import type { Check, Expectation, LogicalType } from '../validation/types.js';
import type { FieldSpec, Fields, ValueType } from './types.js';

/** What a table has to keep so that each row of it is an input (or output) of the contract. */
export function expectationsOf(fields: Fields): Expectation[] {
  const expectations: Expectation[] = [];
  for (const name of Object.keys(fields)) {
    const spec = fields[name]!;
    const optional = spec.fallback !== undefined;
    const rule = optional || spec.nullable ? { ifPresent: optional, onEmpty: 'pass' as const } : {};
    for (const check of checksOf(name, spec)) {
      expectations.push(Object.freeze({ id: `contract:${name}.${check.kind}`, ...rule, ...check }));
    }
  }
  return expectations;
}

const LOGICAL: Readonly<Record<ValueType, LogicalType>> = {
  number: 'number',
  integer: 'integer',
  probability: 'number',
  boolean: 'boolean',
  category: 'string',
  text: 'string',
  timestamp: 'timestamp',
  tensor: 'list',
};

function* checksOf(column: string, spec: FieldSpec): Generator<Check> {
  yield { kind: 'type', column, type: LOGICAL[spec.type] };
  if (!spec.nullable && spec.fallback === undefined) yield { kind: 'notNull', column };
  const { min, max } = spec;
  switch (spec.type) {
    case 'number':
    case 'integer':
      if (min === undefined || max === undefined) yield { kind: 'finite', column };
      if (min !== undefined || max !== undefined) yield { kind: 'between', column, min, max };
      break;
    case 'probability':
      yield { kind: 'between', column, min: 0, max: 1 };
      break;
    case 'timestamp':
      if (min !== undefined || max !== undefined) yield { kind: 'between', column, min, max };
      break;
    case 'category':
      if (spec.categories) yield { kind: 'in', column, values: spec.categories };
      break;
    case 'text':
      if (spec.minLength !== undefined || spec.maxLength !== undefined)
        yield { kind: 'length', column, unit: 'codePoints', min: spec.minLength, max: spec.maxLength };
      if (spec.pattern !== undefined) yield { kind: 'matches', column, pattern: spec.pattern };
      break;
    case 'boolean':
    case 'tensor':
      break;
    default:
      spec.type satisfies never;
  }
}
