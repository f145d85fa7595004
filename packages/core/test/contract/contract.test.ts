import { isMillwrightError } from '@millwright/core';
import { column, defineContract, parseContract } from '@millwright/core/contract';
import { describe, expect, test } from 'vitest';

const contract = defineContract({
  inputs: {
    hour: column.integer({ min: 0, max: 23 }),
    miles: column.number({ min: 0, unit: 'mi' }),
    origin: column.category({ categories: ['MCI', 'ATL'] }),
    note: column.text({ maxLength: 10, fallback: { kind: 'mask' } }),
  },
  outputs: { late: column.probability() },
});

describe('defineContract', () => {
  test('has a digest that does not depend on the order of fields', () => {
    const { hour, miles, origin, note } = contract.inputs;
    const same = defineContract({ inputs: { note, origin, miles, hour }, outputs: contract.outputs });
    expect(same.digest).toBe(contract.digest);
    const other = defineContract({ inputs: { hour }, outputs: contract.outputs });
    expect(other.digest).not.toBe(contract.digest);
  });

  test('survives JSON, without its expectations', () => {
    const json = JSON.parse(JSON.stringify(contract));
    expect(Object.keys(json)).toEqual(['format', 'inputs', 'outputs', 'unknownFields', 'digest']);
    expect(parseContract(json).digest).toBe(contract.digest);
    json.inputs.hour.max = 24;
    expect(() => parseContract(json)).toThrow(/digest/);
    expect(() => parseContract({ format: 'other' })).toThrow(/millwright.contract\/1/);
  });

  test('is frozen and does not follow changes to its definition', () => {
    const categories = ['a'];
    const made = defineContract({ inputs: { x: { type: 'category', categories } }, outputs: {} });
    categories.push('b');
    expect(made.inputs.x.categories).toEqual(['a']);
    expect(Object.isFrozen(made) && Object.isFrozen(made.inputs) && Object.isFrozen(made.inputs.x)).toBe(true);
  });

  test.each([
    ['an unknown type', { x: { type: 'float' } }],
    ['reversed bounds', { x: column.number({ min: 2, max: 1 }) }],
    ['a bound that is NaN', { x: column.number({ min: Number.NaN }) }],
    ['no categories', { x: column.category({ categories: [] }) }],
    ['a category twice', { x: column.category({ categories: ['a', 'a'] }) }],
    ['a default that does not fit', { x: column.integer({ max: 3, fallback: { kind: 'default', value: 4 } }) }],
    ['half a character', { x: column.text({ maxLength: 0.5 }) }],
    ['a negative size', { x: column.tensor({ dtype: 'float32', dims: ['batch', -1] }) }],
    ['dimensions that are no list', { x: { type: 'tensor', dtype: 'float32', dims: 5 } }],
    ['a tensor without dimensions', { x: { type: 'tensor', dtype: 'float32' } }],
    ['a catastrophic construct', { x: column.text({ pattern: '(a)\\1' }) }],
    ['a prototype key', JSON.parse('{"__proto__": {"type": "number"}}')],
  ])('refuses %s', (_, inputs) => {
    const attempt = () => defineContract({ inputs, outputs: {} });
    expect(attempt).toThrow();
    try {
      attempt();
    } catch (error) {
      expect(isMillwrightError(error, 'contract/invalid')).toBe(true);
    }
  });

  test('derives what a table has to keep', () => {
    expect(contract.expectations.map((e) => e.id)).toEqual([
      'contract:hour.type',
      'contract:hour.notNull',
      'contract:hour.between',
      'contract:miles.type',
      'contract:miles.notNull',
      'contract:miles.finite',
      'contract:miles.between',
      'contract:origin.type',
      'contract:origin.notNull',
      'contract:origin.in',
      'contract:note.type',
      'contract:note.length',
    ]);
    expect(contract.expectations.at(-1)).toMatchObject({ ifPresent: true, max: 10 });
  });
});
