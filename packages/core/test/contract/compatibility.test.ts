import { type ChangeClass, column, compatibility, defineContract, type FieldSpec } from '@millwright/core/contract';
import { describe, expect, test } from 'vitest';

const make = (inputs: Record<string, FieldSpec>, outputs: Record<string, FieldSpec> = {}) =>
  defineContract({ inputs, outputs });

/** before, after, what it does to writers of inputs, what it does to readers of outputs. */
const corpus: readonly (readonly [string, FieldSpec, FieldSpec, ChangeClass, ChangeClass])[] = [
  ['unit', column.number({ unit: 'mi' }), column.number({ unit: 'km' }), 'breaking-writer', 'breaking-reader'],
  ['unit stated', column.number(), column.number({ unit: 'km' }), 'unknown', 'unknown'],
  ['range narrowed', column.number({ max: 9 }), column.number({ max: 8 }), 'breaking-writer', 'safe'],
  ['range widened', column.number({ max: 8 }), column.number({ max: 9 }), 'safe', 'breaking-reader'],
  [
    'range moved',
    column.number({ min: 0, max: 1 }),
    column.number({ min: 1, max: 2 }),
    'breaking-writer',
    'breaking-reader',
  ],
  ['bound dropped', column.number({ min: 0 }), column.number(), 'safe', 'breaking-reader'],
  ['integer to number', column.integer(), column.number(), 'safe', 'breaking-reader'],
  ['number to integer', column.number(), column.integer(), 'breaking-writer', 'safe'],
  ['number to probability', column.number(), column.probability(), 'breaking-writer', 'safe'],
  ['number to timestamp', column.number(), column.timestamp(), 'breaking-writer', 'breaking-reader'],
  ['number to text', column.number(), column.text(), 'breaking-writer', 'breaking-reader'],
  [
    'category added',
    column.category({ categories: ['a'] }),
    column.category({ categories: ['a', 'b'] }),
    'safe',
    'breaking-reader',
  ],
  [
    'category removed',
    column.category({ categories: ['a', 'b'] }),
    column.category({ categories: ['a'] }),
    'breaking-writer',
    'safe',
  ],
  [
    'category renamed',
    column.category({ categories: ['a'] }),
    column.category({ categories: ['b'] }),
    'breaking-writer',
    'breaking-reader',
  ],
  ['categories opened', column.category({ categories: ['a'] }), column.category(), 'safe', 'breaking-reader'],
  ['nullable', column.number(), column.number({ nullable: true }), 'safe', 'breaking-reader'],
  ['no longer nullable', column.number({ nullable: true }), column.number(), 'breaking-writer', 'safe'],
  ['longer text', column.text({ maxLength: 5 }), column.text({ maxLength: 9 }), 'safe', 'breaking-reader'],
  ['pattern changed', column.text({ pattern: 'a' }), column.text({ pattern: 'b' }), 'unknown', 'unknown'],
  ['pattern added', column.text(), column.text({ pattern: 'b' }), 'breaking-writer', 'safe'],
  [
    'dimension fixed',
    column.tensor({ dtype: 'f32', dims: ['n'] }),
    column.tensor({ dtype: 'f32', dims: [3] }),
    'breaking-writer',
    'safe',
  ],
  [
    'dimension freed',
    column.tensor({ dtype: 'f32', dims: [3] }),
    column.tensor({ dtype: 'f32', dims: ['n'] }),
    'safe',
    'breaking-reader',
  ],
  [
    'element type',
    column.tensor({ dtype: 'f32', dims: [3] }),
    column.tensor({ dtype: 'f16', dims: [3] }),
    'breaking-writer',
    'breaking-reader',
  ],
  [
    'default changed',
    column.number({ fallback: { kind: 'default', value: 0 } }),
    column.number({ fallback: { kind: 'default', value: 1 } }),
    'unknown',
    'unknown',
  ],
  ['made optional', column.number(), column.number({ fallback: { kind: 'mask' } }), 'safe', 'breaking-reader'],
  ['made required', column.number({ fallback: { kind: 'mask' } }), column.number(), 'breaking-writer', 'safe'],
];

describe('compatibility', () => {
  test.each(corpus)('%s', (_, before, after, writers, readers) => {
    expect(compatibility(make({ x: before }), make({ x: after })).class).toBe(writers);
    expect(compatibility(make({}, { x: before }), make({}, { x: after })).class).toBe(readers);
  });

  test('fields come and go', () => {
    const x = column.number();
    expect(compatibility(make({}), make({ x })).class).toBe('breaking-writer');
    expect(compatibility(make({}), make({ x: column.number({ fallback: { kind: 'mask' } }) })).class).toBe('safe');
    expect(compatibility(make({ x }), make({})).class).toBe('safe');
    expect(compatibility(make({}, { x }), make({})).class).toBe('breaking-reader');
    expect(compatibility(make({}), make({}, { x })).class).toBe('safe');
    const refusing = defineContract({ inputs: {}, outputs: {}, unknownFields: 'refuse' });
    expect(compatibility(make({ x }), refusing).class).toBe('breaking-writer');
  });

  test('proposes how the version should move', () => {
    const x = column.number({ max: 1, description: 'a' });
    expect(compatibility(make({ x }), make({ x })).bump).toBe('none');
    expect(compatibility(make({ x }), make({ x: { ...x, description: 'b' } })).bump).toBe('patch');
    expect(compatibility(make({ x }), make({ x: { ...x, max: 2 } })).bump).toBe('minor');
    const wrong = compatibility(make({ x }), make({ x: { ...x, max: 0 } }));
    expect(wrong.bump).toBe('major');
    expect(wrong.changes).toEqual([
      {
        path: 'inputs.x',
        class: 'breaking-writer',
        sentence: '`inputs.x` was a finite number of at most 1, is now a finite number of at most 0.',
      },
    ]);
  });
});
