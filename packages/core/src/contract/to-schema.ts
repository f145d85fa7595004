import type { Contract, FieldSpec, Fields, UnknownFields } from './types.js';

/** A JSON Schema of the draft 2020-12, as data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What callers give and what they get, as two JSON Schemas of the draft 2020-12: for forms, gateways and clients in other
 * languages. `inputs` takes the JSON that `checkInput` takes; `outputs` takes what `checkOutput` returns, where points in time
 * are milliseconds and every field is there.
 *
 * Three things JSON Schema cannot say, and these schemas take more there than the contract: bounds of points in time that
 * are written as text, symbolic dimensions that have to be equal, and how many elements symbolic dimensions make.
 *
 * A `unit` stays as a keyword of that name, and text that is a point in time has the format `date-time`: annotations both,
 * which Ajv has to be told (`keywords: ['unit']`, `validateFormats: false`). Fields named like a member of `Object.prototype`
 * need a validator that looks at own members only (Ajv: `ownProperties: true`).
 *
 * @example
 * const { inputs } = contractToSchemas(contract);
 * const accepts = new Ajv2020({ keywords: ['unit'], validateFormats: false }).compile(inputs);
 */
export function contractToSchemas(contract: Contract): { readonly inputs: JsonSchema; readonly outputs: JsonSchema } {
  const { inputs, outputs, unknownFields } = contract;
  return {
    inputs: objectOf(inputs, unknownFields, ({ fallback }) => fallback === undefined, givenField),
    outputs: objectOf(outputs, unknownFields, () => true, checkedField),
  };
}

function objectOf(
  fields: Fields,
  unknownFields: UnknownFields,
  isRequired: (spec: FieldSpec) => boolean,
  fieldOf: (spec: FieldSpec) => JsonSchema,
): JsonSchema {
  const entries = Object.entries(fields);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, spec]) => [name, fieldOf(spec)])),
    required: entries.filter(([, spec]) => isRequired(spec)).map(([name]) => name),
    ...(unknownFields === 'refuse' && { additionalProperties: false }),
  };
}

/** A field as a caller writes it; null is absence, which a fallback fills. */
function givenField(spec: FieldSpec): JsonSchema {
  const { fallback, nullable } = spec;
  const value = spec.type === 'timestamp' ? { anyOf: [milliseconds(spec), ISO_TEXT] } : schemaOf(spec);
  return {
    ...orNull(value, nullable === true || fallback !== undefined),
    ...annotations(spec),
    ...(fallback?.kind === 'default' && { default: fallback.value }),
  };
}

/** A field after the check: a default has been filled in, any other fallback leaves null. */
function checkedField(spec: FieldSpec): JsonSchema {
  const { fallback, nullable } = spec;
  const masked = fallback !== undefined && fallback.kind !== 'default';
  return { ...orNull(schemaOf(spec), nullable === true || masked), ...annotations(spec) };
}

function orNull(schema: JsonSchema, nullable: boolean): JsonSchema {
  if (!nullable) return schema;
  const options = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [schema];
  return { anyOf: [...options, { type: 'null' }] };
}

function annotations({ description, unit }: FieldSpec): JsonSchema {
  return { ...(description !== undefined && { description }), ...(unit !== undefined && { unit }) };
}

function schemaOf(spec: FieldSpec): JsonSchema {
  const { min, max } = spec;
  switch (spec.type) {
    case 'number':
      return { type: 'number', ...bounds(min, max) };
    case 'integer': {
      const { MIN_SAFE_INTEGER: least, MAX_SAFE_INTEGER: most } = Number;
      return { type: 'integer', ...bounds(Math.max(min ?? least, least), Math.min(max ?? most, most)) };
    }
    case 'probability':
      return { type: 'number', ...bounds(0, 1) };
    case 'boolean':
      return { type: 'boolean' };
    case 'category':
      return { type: 'string', ...(spec.categories && { enum: spec.categories }) };
    case 'text': {
      const { minLength, maxLength, pattern } = spec;
      return {
        type: 'string',
        ...(minLength !== undefined && { minLength }),
        ...(maxLength !== undefined && { maxLength }),
        ...(pattern !== undefined && { pattern }),
      };
    }
    case 'timestamp':
      return milliseconds(spec);
    case 'tensor':
      return tensorOf(spec);
    default:
      return spec.type satisfies never;
  }
}

function bounds(minimum: number | undefined, maximum: number | undefined): JsonSchema {
  return { ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) };
}

function milliseconds({ min, max }: FieldSpec): JsonSchema {
  return { type: 'number', ...bounds(min, max) };
}

/** The pattern binds and is what `checkInput` reads; the format is for tools, and a little narrower: it asks for seconds. */
const ISO_TEXT: JsonSchema = {
  type: 'string',
  format: 'date-time',
  pattern: [
    '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])',
    'T(([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?|24:00(:00(\\.0{1,9})?)?)',
    '(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$',
  ].join(''),
};

function tensorOf({ dtype, dims = [] }: FieldSpec): JsonSchema {
  const sizes = dims.filter((dim) => typeof dim === 'number');
  const elements = sizes.reduce((product, size) => product * size, 1);
  const counted = sizes.length === dims.length || elements === 0;
  return {
    type: 'object',
    properties: {
      dtype: { type: 'string', const: dtype },
      dims: {
        type: 'array',
        ...(dims.length > 0 && { prefixItems: dims.map(sizeOf), items: false }),
        ...exactly(dims.length),
      },
      data: { type: 'array', ...(counted && exactly(elements)) },
    },
    required: ['dtype', 'dims', 'data'],
  };
}

function sizeOf(dim: number | string): JsonSchema {
  return typeof dim === 'number'
    ? { type: 'integer', const: dim }
    : { type: 'integer', ...bounds(0, Number.MAX_SAFE_INTEGER) };
}

function exactly(count: number): JsonSchema {
  return { minItems: count, maxItems: count };
}
