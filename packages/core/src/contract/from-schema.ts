import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import { describe } from '../foundation/errors.js';
import { isRecord } from '../foundation/record.js';
import { type ContractDefinition, defineContract, invalid } from './define.js';
import type { JsonSchema } from './to-schema.js';
import type { Contract, Fallback, FieldSpec, Fields } from './types.js';

/** A schema of any library that describes itself as JSON Schema (zod 4.2 or later, ArkType 2.2 or later). */
export type JsonSchemaSource = StandardJSONSchemaV1;

/**
 * A contract from two object schemas of a Standard Schema library. What JSON Schema cannot say is lost: refinements and
 * transforms; what a contract cannot say (nested objects, unions) is refused, never guessed. `unit` is read from the
 * schema's metadata (zod: `.meta({ unit: 'mi' })`).
 *
 * @throws `contract/invalid`
 * @example
 * contractFromSchemas({ inputs: z.object({ hour: z.int().min(0).max(23) }), outputs: z.object({ late: z.number() }) });
 */
export function contractFromSchemas(
  schemas: Readonly<Record<'inputs' | 'outputs', JsonSchemaSource>>,
  options: Pick<ContractDefinition<Fields, Fields>, 'unknownFields'> = {},
): Contract {
  const [inputs, outputs] = (['inputs', 'outputs'] as const).map((side) =>
    fieldsFromJsonSchema(schemas[side]['~standard'].jsonSchema.input({ target: 'draft-2020-12' }), side),
  );
  return defineContract({ inputs: inputs!, outputs: outputs!, ...options });
}

/** The fields of an object schema. @throws `contract/invalid` */
export function fieldsFromJsonSchema(schema: JsonSchema, path = '$'): Fields {
  if (schema['type'] !== 'object' || !isRecord(schema['properties']))
    throw invalid(path, 'expected a JSON Schema of type `object` with `properties`');
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const fields: Record<string, FieldSpec> = Object.create(null);
  for (const [name, property] of Object.entries(schema['properties'])) {
    if (!isRecord(property)) throw invalid(`${path}.${name}`, 'expected a schema object');
    fields[name] = fieldFrom(property, required.has(name), `${path}.${name}`);
  }
  return fields;
}

function fieldFrom(schema: JsonSchema, required: boolean, path: string): FieldSpec {
  const { inner, nullable } = unwrapNull(schema, path);
  const fallback = fallbackOf({ ...inner, ...schema }, required);
  const description = schema['description'] ?? inner['description'];
  const unit = schema['unit'] ?? inner['unit'];
  return {
    ...typed(inner, path),
    ...(nullable && { nullable }),
    ...(fallback && { fallback }),
    ...(typeof unit === 'string' && { unit }),
    ...(typeof description === 'string' && { description }),
  };
}

/** `T | null` in the two ways in which JSON Schema writes it, and a point in time as `contractToSchemas` writes it. */
function unwrapNull(schema: JsonSchema, path: string): { inner: JsonSchema; nullable: boolean } {
  const { anyOf, type } = schema;
  if (Array.isArray(type)) {
    const types = type.filter((t) => t !== 'null');
    if (types.length !== 1) throw invalid(path, `a union of types (${type.join(', ')}) is not a field`);
    return { inner: { ...schema, type: types[0] }, nullable: types.length < type.length };
  }
  if (!Array.isArray(anyOf)) return { inner: schema, nullable: false };
  const options = anyOf.filter((option) => !(isRecord(option) && option['type'] === 'null'));
  const nullable = options.length < anyOf.length;
  if (isPointInTime(options)) return { inner: { ...options[0], ...options[1] }, nullable };
  if (options.length !== 1 || !isRecord(options[0])) throw invalid(path, 'a union of schemas is not a field');
  return { inner: options[0], nullable };
}

/** Milliseconds, or text of the format `date-time`. */
function isPointInTime(options: readonly unknown[]): options is readonly [JsonSchema, JsonSchema] {
  const [number, text] = options;
  return options.length === 2 && isRecord(number) && number['type'] === 'number' && isRecord(text) && isDateTime(text);
}

function isDateTime({ type, format }: JsonSchema): boolean {
  return type === 'string' && format === 'date-time';
}

function fallbackOf(schema: JsonSchema, required: boolean): Fallback | undefined {
  const value = schema['default'];
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'default', value };
  return required ? undefined : { kind: 'mask' };
}

/** Keywords that narrow a value and that a field can say. Any other narrowing keyword is refused. */
const REFUSED = ['oneOf', 'allOf', 'not', 'if', '$ref', 'multipleOf', 'contains', 'patternProperties'];

function typed(schema: JsonSchema, path: string): FieldSpec {
  for (const keyword of REFUSED)
    if (keyword in schema)
      throw invalid(path, `\`${keyword}\` cannot be said in a contract; check it in your own code`);
  const values = schema['enum'] ?? ('const' in schema ? [schema['const']] : undefined);
  if (values !== undefined) {
    if (!Array.isArray(values) || !values.every((v) => typeof v === 'string'))
      throw invalid(path, 'a set of values other than strings is not a category');
    return { type: 'category', categories: values };
  }
  switch (schema['type']) {
    case 'number':
      return { type: 'number', ...bounds(schema, path) };
    case 'integer':
      return { type: 'integer', ...bounds(schema, path) };
    case 'boolean':
      return { type: 'boolean' };
    case 'string': {
      if (isDateTime(schema)) return { type: 'timestamp', ...bounds(schema, path) };
      const { minLength, maxLength, pattern } = schema;
      return {
        type: 'text',
        ...(typeof minLength === 'number' && { minLength }),
        ...(typeof maxLength === 'number' && { maxLength }),
        ...(typeof pattern === 'string' && { pattern }),
      };
    }
    default:
      throw invalid(path, `a field of type ${describe(schema['type'])} cannot be said in a contract`);
  }
}

function bounds(schema: JsonSchema, path: string): Pick<FieldSpec, 'min' | 'max'> {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const whole = schema['type'] === 'integer';
  const open = exclusiveMinimum ?? exclusiveMaximum;
  if (open !== undefined && !whole) throw invalid(path, 'an exclusive bound of a number cannot be said in a contract');
  const least = typeof exclusiveMinimum === 'number' ? Math.floor(exclusiveMinimum) + 1 : minimum;
  const most = typeof exclusiveMaximum === 'number' ? Math.ceil(exclusiveMaximum) - 1 : maximum;
  // zod adds the limits of safe integers to every integer; a contract's integer has them anyway.
  return {
    ...(typeof least === 'number' && least > Number.MIN_SAFE_INTEGER && { min: least }),
    ...(typeof most === 'number' && most < Number.MAX_SAFE_INTEGER && { max: most }),
  };
}
