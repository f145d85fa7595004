import { type Digest, digestJson, parseDigest } from '../foundation/digest.js';
import { describe, MillwrightError } from '../foundation/errors.js';
import { defined } from '../foundation/options.js';
import { isRecord } from '../foundation/record.js';
import { compilePattern } from '../validation/pattern/pattern.js';
import type { Expectation } from '../validation/types.js';
import { expectationsOf } from './expectations.js';
import type { Contract, FieldSpec, Fields, UnknownFields, ValueType } from './types.js';

/**
 * A contract: what a model or a table accepts and returns. Plain, frozen data with a digest; equal contracts have equal
 * digests, whatever the order of their fields.
 *
 * @throws `contract/invalid` naming the field
 * @example
 * const contract = defineContract({
 *   inputs: { hour: column.integer({ min: 0, max: 23 }), miles: column.number({ min: 0, unit: 'mi' }) },
 *   outputs: { late: column.probability() },
 * });
 */
export function defineContract<const I extends Fields, const O extends Fields>(
  definition: ContractDefinition<I, O>,
): Contract<I, O> {
  const body = {
    format: 'millwright.contract/1',
    inputs: fields(definition.inputs, 'inputs'),
    outputs: fields(definition.outputs, 'outputs'),
    unknownFields: definition.unknownFields ?? 'drop',
  } as const;
  return assemble(body, digestJson(body)) as Contract<I, O>;
}

/** What a model takes and returns, before it is checked and has a digest. */
export interface ContractDefinition<I extends Fields, O extends Fields> {
  readonly inputs: I;
  readonly outputs: O;
  /** Default `drop`. */
  readonly unknownFields?: UnknownFields | undefined;
}

/** A contract from its JSON, as it is stored with a model. @throws `contract/invalid`, also when the digest does not fit */
export function parseContract(json: unknown): Contract {
  if (!isRecord(json) || json['format'] !== 'millwright.contract/1')
    throw invalid('$', `expected \`format\` to be \`millwright.contract/1\`, got ${describe(json)}`);
  const { inputs, outputs, unknownFields = 'drop' } = json;
  if (!isRecord(inputs)) throw invalid('inputs', 'expected an object of fields');
  if (!isRecord(outputs)) throw invalid('outputs', 'expected an object of fields');
  if (unknownFields !== 'drop' && unknownFields !== 'refuse')
    throw invalid('unknownFields', 'expected `drop` or `refuse`');
  const contract = defineContract({ inputs: inputs as Fields, outputs: outputs as Fields, unknownFields });
  if (json['digest'] !== undefined && parseDigest(json['digest'], 'contract.digest') !== contract.digest)
    throw invalid('digest', `the fields have digest ${contract.digest}, the document says ${json['digest']}`);
  return contract;
}

function assemble(body: Omit<Contract, 'digest' | 'expectations'>, digest: Digest): Contract {
  let expectations: readonly Expectation[] | undefined;
  const contract = { ...body, digest };
  Object.defineProperty(contract, 'expectations', {
    get: () => {
      expectations ??= Object.freeze(expectationsOf(body.inputs));
      return expectations;
    },
  });
  return Object.freeze(contract) as Contract;
}

function fields(input: Fields, path: string): Fields {
  const out: Record<string, FieldSpec> = Object.create(null);
  for (const name of Object.keys(input)) out[name] = field(input[name], `${path}.${name}`, name);
  return Object.freeze(out);
}

const TYPES: ReadonlySet<ValueType> = new Set<ValueType>([
  'number',
  'integer',
  'boolean',
  'category',
  'text',
  'timestamp',
  'probability',
  'tensor',
]);

function field(spec: FieldSpec | undefined, path: string, name: string): FieldSpec {
  if (name === '' || name === '__proto__') throw invalid(path, 'this name cannot be a field');
  if (!isRecord(spec) || !TYPES.has(spec['type'] as ValueType))
    throw invalid(path, `expected \`type\` to be one of ${[...TYPES].join(', ')}, got ${describe(spec?.type)}`);
  const { min, max, minLength, maxLength, categories, dims, dtype, fallback } = spec;
  for (const [key, bound] of Object.entries({ min, max, minLength, maxLength }))
    if (bound !== undefined && (typeof bound !== 'number' || !Number.isFinite(bound)))
      throw invalid(`${path}.${key}`, `expected a finite number, got ${describe(bound)}`);
  for (const [key, count] of Object.entries({ minLength, maxLength }))
    if (count !== undefined && !isCount(count))
      throw invalid(`${path}.${key}`, `expected a whole number, got ${count}`);
  if (min !== undefined && max !== undefined && min > max)
    throw invalid(path, `\`min\` ${min} is greater than \`max\` ${max}`);
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength)
    throw invalid(path, `\`minLength\` ${minLength} is greater than \`maxLength\` ${maxLength}`);
  if (categories !== undefined) {
    if (!Array.isArray(categories) || categories.length === 0 || categories.some((c) => typeof c !== 'string'))
      throw invalid(`${path}.categories`, 'expected at least one string');
    if (new Set(categories).size !== categories.length) throw invalid(`${path}.categories`, 'a category occurs twice');
  }
  if (spec.pattern !== undefined) checkPattern(spec.pattern, `${path}.pattern`);
  if (spec.type === 'tensor' && (dtype === undefined || dims === undefined))
    throw invalid(path, 'a tensor has `dtype` and `dims`');
  if (dims !== undefined && (!Array.isArray(dims) || dims.some((dim) => typeof dim !== 'string' && !isCount(dim))))
    throw invalid(`${path}.dims`, 'expected sizes of 0 or more, and names for those that vary');
  if (fallback?.kind === 'default' && !fits(spec, fallback.value))
    throw invalid(`${path}.fallback`, `the default ${describe(fallback.value)} does not fit a ${spec.type}`);
  return freeze(defined(spec) as FieldSpec);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function checkPattern(pattern: string, path: string): void {
  try {
    compilePattern(pattern);
  } catch (cause) {
    throw invalid(path, `the pattern is not supported: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function fits(spec: FieldSpec, value: string | number | boolean): boolean {
  switch (spec.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'category':
      return typeof value === 'string' && (spec.categories?.includes(value) ?? true);
    case 'text':
      return typeof value === 'string';
    case 'tensor':
      return false;
    case 'number':
    case 'integer':
    case 'probability':
    case 'timestamp': {
      const unit = spec.type === 'probability';
      const { min = unit ? 0 : -Number.MAX_VALUE, max = unit ? 1 : Number.MAX_VALUE } = spec;
      return (
        typeof value === 'number' &&
        value >= min &&
        value <= max &&
        (spec.type !== 'integer' || Number.isInteger(value))
      );
    }
    default:
      return spec.type satisfies never;
  }
}

/** Copies, so that a caller who changes the definition afterwards does not change the contract. */
function freeze(spec: FieldSpec): FieldSpec {
  return Object.freeze({
    ...spec,
    ...(spec.categories && { categories: Object.freeze([...spec.categories]) }),
    ...(spec.dims && { dims: Object.freeze([...spec.dims]) }),
    ...(spec.fallback && { fallback: Object.freeze({ ...spec.fallback }) }),
  });
}

/** A `contract/invalid` error. */
export function invalid(path: string, reason: string): MillwrightError<'contract/invalid'> {
  return new MillwrightError('contract/invalid', `The contract is not well formed at \`${path}\`: ${reason}.`, {
    details: { path, reason },
  });
}
