import { checkInput, contractFromSchemas, fieldsFromJsonSchema } from '@millwright/core/contract';
import { expect, test } from 'vitest';
import * as z from 'zod';

test('reads zod through Standard JSON Schema', () => {
  const contract = contractFromSchemas({
    inputs: z.object({
      hour: z.int().min(0).max(23),
      miles: z.number().min(0).meta({ unit: 'mi', description: 'great circle' }),
      origin: z.enum(['MCI', 'ATL']),
      note: z
        .string()
        .min(1)
        .max(10)
        .regex(/^[a-z]+$/)
        .nullable(),
      bags: z.int().default(0),
      gate: z.string().optional(),
      ok: z.boolean(),
    }),
    outputs: z.object({ late: z.number().min(0).max(1) }),
  });
  expect(contract.inputs).toEqual({
    hour: { type: 'integer', min: 0, max: 23 },
    miles: { type: 'number', min: 0, unit: 'mi', description: 'great circle' },
    origin: { type: 'category', categories: ['MCI', 'ATL'] },
    note: { type: 'text', minLength: 1, maxLength: 10, pattern: '^[a-z]+$', nullable: true },
    bags: { type: 'integer', fallback: { kind: 'default', value: 0 } },
    gate: { type: 'text', fallback: { kind: 'mask' } },
    ok: { type: 'boolean' },
  });
  expect(checkInput(contract, { hour: 3, miles: 1, origin: 'ATL', note: null, ok: true })).toMatchObject({ ok: true });
});

test.each([
  ['a nested object', z.object({ x: z.object({}) })],
  ['a union', z.object({ x: z.union([z.string(), z.number()]) })],
  ['an open bound', z.object({ x: z.number().gt(0) })],
  ['a step', z.object({ x: z.number().multipleOf(5) })],
  ['a set of numbers', z.object({ x: z.literal([1, 2]) })],
])('refuses %s', (_, inputs) => {
  expect(() => contractFromSchemas({ inputs, outputs: z.object({}) })).toThrow(/contract is not well formed/);
});

test('an open bound of an integer is a closed one', () => {
  const properties = { x: { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 9.5 } };
  expect(fieldsFromJsonSchema({ type: 'object', properties, required: ['x'] })).toEqual({
    x: { type: 'integer', min: 1, max: 9 },
  });
});

test('a point in time is text of the format `date-time`, or milliseconds as well', () => {
  const text = { type: 'string', format: 'date-time' };
  const properties = { at: { anyOf: [{ type: 'number', minimum: 0 }, text, { type: 'null' }] }, due: text };
  expect(fieldsFromJsonSchema({ type: 'object', properties, required: ['at', 'due'] })).toEqual({
    at: { type: 'timestamp', min: 0, nullable: true },
    due: { type: 'timestamp' },
  });
});
