import {
  type Contract,
  checkInput,
  checkOutput,
  column,
  contractToSchemas,
  defineContract,
  type FieldSpec,
  fieldsFromJsonSchema,
  type JsonSchema,
} from '@millwright/core/contract';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Strict about every keyword; formats are annotations, as the draft has it. */
const ajv = new Ajv2020({ strict: true, keywords: ['unit'], ownProperties: true, validateFormats: false });

/** Compiled after the official meta-schema has taken it. */
function accepts(schema: JsonSchema): (value: unknown) => boolean {
  expect(ajv.validateSchema(schema), ajv.errorsText()).toBe(true);
  const validate = ajv.compile(schema);
  return (value) => validate(value) === true;
}

const contract = defineContract({
  inputs: {
    hour: column.integer({ min: 0, max: 23, description: 'local time' }),
    miles: column.number({ min: 0, unit: 'mi' }),
    origin: column.category({ categories: ['MCI', 'ATL'], nullable: true }),
    note: column.text({ minLength: 1, maxLength: 10, pattern: '^[a-z]+$', fallback: { kind: 'mask' } }),
    at: column.timestamp({ min: 0 }),
    wind: column.number({ fallback: { kind: 'default', value: 0 } }),
    image: column.tensor({ dtype: 'uint8', dims: ['batch', 2] }),
  },
  outputs: { late: column.probability(), at: column.timestamp({ fallback: { kind: 'abstain' } }) },
});

test('writes a contract for those who do not run it', () => {
  const { inputs, outputs } = contractToSchemas(contract);
  expect(inputs).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['hour', 'miles', 'origin', 'at', 'image'],
    properties: {
      hour: { type: 'integer', minimum: 0, maximum: 23, description: 'local time' },
      miles: { type: 'number', minimum: 0, unit: 'mi' },
      origin: { anyOf: [{ type: 'string', enum: ['MCI', 'ATL'] }, { type: 'null' }] },
      wind: { anyOf: [{ type: 'number' }, { type: 'null' }], default: 0 },
    },
  });
  expect(outputs).toMatchObject({
    required: ['late', 'at'],
    properties: {
      late: { type: 'number', minimum: 0, maximum: 1 },
      at: { anyOf: [{ type: 'number' }, { type: 'null' }] },
    },
  });
  const takes = accepts(inputs);
  const image = { dtype: 'uint8', dims: [1, 2], data: [0, 255] };
  const good = { hour: 17, miles: 405, origin: null, at: '2026-01-01T00:00Z', image };
  expect(takes(good)).toBe(true);
  for (const wrong of [{ hour: 24 }, { note: '' }, { at: '2026-01-01' }, { image: { ...image, dims: [2] } }])
    expect(takes({ ...good, ...wrong })).toBe(false);
});

test('the meta-schema is not one that anything keeps', () => {
  expect(ajv.validateSchema({ type: 'object', required: 'hour' })).toBe(false);
  expect(() => ajv.compile({ type: 'object', minimun: 0 })).toThrow(/strict mode/);
});

const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
const bound = maybe(fc.constantFrom(-1, -0.5, 0, 0.5, 1, 2 ** 53, -(2 ** 60)));
const common = {
  nullable: maybe(fc.boolean()),
  fallback: maybe(
    fc.constantFrom<FieldSpec['fallback']>({ kind: 'mask' }, { kind: 'arm', arm: 'b' }, { kind: 'abstain' }),
  ),
};
const withDefault = (value: string | number | boolean) => fc.constant({ kind: 'default', value } as const);
const pattern = maybe(fc.constantFrom('a', '^a*$', '^[^b]{1,2}$', '^(?=.*b)a', '\\d\\s|\\u{1d4b3}', '^.$'));
const categories = maybe(fc.uniqueArray(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 3 }));
const field: fc.Arbitrary<FieldSpec> = fc.oneof(
  fc.record({ ...common, type: fc.constantFrom('number', 'integer'), min: bound, max: bound }),
  fc.record({ ...common, type: fc.constantFrom('number', 'integer', 'probability'), fallback: withDefault(1) }),
  fc.record({ ...common, type: fc.constantFrom('probability', 'boolean', 'timestamp') }),
  fc.record({ ...common, type: fc.constantFrom('category', 'text'), categories, pattern }),
  fc.record({ type: fc.constant('text'), minLength: maybe(fc.nat(2)), maxLength: maybe(fc.nat(3)) }),
  fc.record({
    ...common,
    type: fc.constant('tensor'),
    dtype: fc.constantFrom('float32', 'int64'),
    dims: fc.array(fc.constantFrom(0, 1, 2), { maxLength: 2 }),
  }),
) as fc.Arbitrary<FieldSpec>;

/** Names that every object has are among them. */
const fields = fc.dictionary(fc.constantFrom('x', 'y', 'constructor', 'toString'), field, { maxKeys: 2 });

const mostly = (good: readonly string[], bad: readonly string[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...good) }, fc.constantFrom(...bad));
const times = fc
  .tuple(
    mostly(['2024', '0000'], ['24']),
    mostly(['01', '12'], ['00', '13']),
    mostly(['01', '30', '31'], ['00', '32']),
    mostly(['00:00', '23:59', '24:00'], ['24:01', '23:60', '25:00', '7:00']),
    mostly(['', ':00', ':59', ':00.5', ':00.000'], [':60', ':00.1234567890', '.5']),
    mostly(['Z', '+00:00', '-23:59'], ['', 'z', '+24:00', '+00:60', '+0000']),
  )
  .map(([year, month, day, time, seconds, offset]) => `${year}-${month}-${day}T${time}${seconds}${offset}`);
const text = fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aaaa', '𝒳', '𝒳𝒳', '\ud83d\ud83d', '1 ', 'a\n', '2024-01-01');
const number = fc.constantFrom(-1, -0.5, 0, -0, 0.5, 1, 1.5, 2, 1e300, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 5e-324);
const tensor = fc.record(
  {
    dtype: fc.constantFrom<unknown>('float32', 'int64', 1),
    dims: fc.oneof(fc.array(fc.constantFrom(0, 1, 2, 0.5, -1), { maxLength: 2 }), fc.constantFrom<unknown>({}, null)),
    data: fc.oneof(
      fc.array(fc.constantFrom<unknown>(1, 'a', null), { maxLength: 4 }),
      fc.constantFrom({ length: 1 }, 'a'),
    ),
  },
  { requiredKeys: [] },
);
const exact = fc
  .array(fc.constantFrom(0, 1, 2), { maxLength: 2 })
  .map((dims) => ({ dtype: 'float32', dims, data: new Array(dims.reduce<number>((a, b) => a * b, 1)).fill(0) }));
const value = fc.oneof(number, text, times, fc.boolean(), fc.constantFrom<unknown>(null, [], {}), tensor, exact);

/** Values near those that a field takes; any other a fourth of the time. */
function valueNear({ type }: FieldSpec): fc.Arbitrary<unknown> {
  if (type === 'timestamp') return fc.oneof({ weight: 3, arbitrary: times }, value);
  if (type === 'tensor') return fc.oneof({ weight: 2, arbitrary: exact }, tensor, value);
  if (type === 'text' || type === 'category') return fc.oneof({ weight: 3, arbitrary: text }, value);
  return fc.oneof({ weight: 3, arbitrary: type === 'boolean' ? fc.boolean() : number }, value);
}

/** Something that a caller may send: mostly an object with most of the fields, and sometimes one more. */
function documentFor(spec: Readonly<Record<string, FieldSpec>>): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(Object.entries(spec).map(([name, each]) => [name, valueNear(each)]));
  const whole = fc.record(members);
  const part = fc.record({ ...members, z: value }, { requiredKeys: [] });
  return fc.oneof({ weight: 8, arbitrary: whole }, { weight: 4, arbitrary: part }, value);
}

function define(spec: Readonly<Record<string, FieldSpec>>, unknownFields: 'drop' | 'refuse'): Contract | undefined {
  try {
    return defineContract({ inputs: spec, outputs: spec, unknownFields });
  } catch {
    return undefined; // the bounds are reversed
  }
}

describe('the schemas and the checks agree', () => {
  /** Many documents for each contract: compiling is what takes time. */
  const cases = fields.chain((spec) =>
    fc.tuple(
      fc.constant(spec),
      fc.constantFrom('drop' as const, 'refuse' as const),
      fc.array(documentFor(spec), { minLength: 40, maxLength: 60 }),
    ),
  );

  test('an input that one takes, the other takes', () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(cases, ([spec, unknownFields, documents]) => {
        const contract = define(spec, unknownFields);
        if (contract === undefined) return;
        const takes = accepts(contractToSchemas(contract).inputs);
        for (const each of documents) {
          const { ok } = checkInput(contract, each);
          expect(takes(each), JSON.stringify({ spec, each })).toBe(ok);
          if (ok) taken++;
          else refused++;
        }
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(1_000);
  });

  test('an output is taken exactly when the check gives it back as it is', () => {
    let taken = 0;
    fc.assert(
      fc.property(cases, ([spec, unknownFields, documents]) => {
        const contract = define(spec, unknownFields);
        if (contract === undefined) return;
        const takes = accepts(contractToSchemas(contract).outputs);
        for (const each of documents) {
          const checked = checkOutput(contract, each);
          const same = checked.ok && isPartOf(checked.value, each as Record<string, unknown>);
          expect(takes(each), JSON.stringify({ spec, each })).toBe(same);
          if (checked.ok) expect(takes(checked.value)).toBe(true);
          if (same) taken++;
        }
      }),
      { numRuns: 300, seed: 2 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  test('fields that are read back take the same values', () => {
    fc.assert(
      fc.property(
        cases.filter(([spec]) => !hasTensor(spec)),
        ([spec, , documents]) => {
          const contract = define(spec, 'drop');
          if (contract === undefined) return;
          const inputs = fieldsFromJsonSchema(contractToSchemas(contract).inputs);
          const back = defineContract({ inputs, outputs: {} });
          for (const each of documents)
            expect(checkInput(back, each).ok, JSON.stringify({ spec, each })).toBe(checkInput(contract, each).ok);
        },
      ),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe('where JSON Schema cannot say it, the schema takes more, never less', () => {
  const { inputs } = contractToSchemas(contract);
  const good = { hour: 1, miles: 1, origin: null, at: 0, image: { dtype: 'uint8', dims: [1, 2], data: [0, 0] } };
  test.each([
    ['a bound of a time in text', { at: '1969-12-31T23:59:59Z' }],
    ['elements of a symbolic dimension', { image: { ...good.image, dims: [3, 2] } }],
  ])('%s', (_, change) => {
    expect(accepts(inputs)({ ...good, ...change })).toBe(true);
    expect(checkInput(contract, { ...good, ...change }).ok).toBe(false);
  });

  test('a symbolic dimension of two tensors', () => {
    const dims = ['n'];
    const two = defineContract({
      inputs: { a: column.tensor({ dtype: 'int8', dims }), b: column.tensor({ dtype: 'int8', dims }) },
      outputs: {},
    });
    const of = (size: number) => ({ dtype: 'int8', dims: [size], data: new Array(size).fill(0) });
    expect(accepts(contractToSchemas(two).inputs)({ a: of(1), b: of(2) })).toBe(true);
    expect(checkInput(two, { a: of(1), b: of(2) }).ok).toBe(false);
    expect(checkInput(two, { a: of(2), b: of(2) }).ok).toBe(true);
  });
});

function hasTensor(spec: Readonly<Record<string, FieldSpec>>): boolean {
  return Object.values(spec).some(({ type }) => type === 'tensor');
}

/** Whether every member of the check's result was given so. */
function isPartOf(checked: object, given: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(checked).every(([name, member]) => Object.hasOwn(given, name) && given[name] === member);
}
