import { isMillwrightError } from '@millwright/core';
import { checkInput, checkOutput, column, defineContract, violated } from '@millwright/core/contract';
import { describe, expect, test } from 'vitest';

const contract = defineContract({
  inputs: {
    hour: column.integer({ min: 0, max: 23 }),
    miles: column.number({ min: 0 }),
    origin: column.category({ categories: ['MCI', 'ATL'] }),
    at: column.timestamp({ fallback: { kind: 'abstain' } }),
    wind: column.number({ nullable: true, fallback: { kind: 'default', value: 0 } }),
  },
  outputs: { late: column.probability() },
});
const good = { hour: 17, miles: 405, origin: 'MCI', at: 0, wind: 3 };

describe('checkInput', () => {
  test('returns a new object with the fields of the contract', () => {
    const input = Object.freeze({ ...good, extra: 1 });
    const checked = checkInput(contract, input);
    expect(checked).toEqual({ ok: true, value: good, fallbacks: [] });
    expect(checked.ok && checked.value).not.toBe(input);
  });

  test('fills defaults and names the other fallbacks', () => {
    const checked = checkInput(contract, { hour: 1, miles: 2, origin: 'ATL' });
    expect(checked).toEqual({
      ok: true,
      value: { hour: 1, miles: 2, origin: 'ATL', at: null, wind: 0 },
      fallbacks: [{ field: 'at', fallback: { kind: 'abstain' } }],
    });
    expect(checkInput(contract, { ...good, wind: null })).toMatchObject({ ok: true, value: { wind: null } });
  });

  test('names every violation with what was expected', () => {
    const checked = checkInput(contract, { hour: 24, miles: Number.NaN, origin: 'XXX' });
    expect(checked).toEqual({
      ok: false,
      violations: [
        { path: 'inputs.hour', expected: 'an integer from 0 to 23', received: '`24` (number)' },
        { path: 'inputs.miles', expected: 'a finite number of at least 0', received: '`NaN` (number)' },
        { path: 'inputs.origin', expected: 'one of `MCI`, `ATL`', received: '`XXX` (string)' },
      ],
    });
    const error = violated(checked.ok ? [] : checked.violations);
    expect(isMillwrightError(error, 'contract/violated')).toBe(true);
    expect(error.message).toContain('`inputs.hour`: expected an integer from 0 to 23');
  });

  test.each([
    ['hour', 1.5],
    ['hour', '1'],
    ['hour', 2 ** 53],
    ['hour', 1n],
    ['miles', Number.POSITIVE_INFINITY],
    ['miles', undefined],
    ['miles', null],
    ['origin', ['MCI']],
    ['at', '2026-01-01'],
    ['at', '2026-01-01T00:00:00'],
    ['at', 'Infinity'],
    ['at', new Date(Number.NaN)],
  ])('refuses %s = %s', (field, value) => {
    expect(checkInput(contract, { ...good, [field]: value }).ok).toBe(false);
  });

  test.each([[null], [undefined], [1], ['x'], [[]]])('refuses %s as a whole', (value) => {
    expect(checkInput(contract, value)).toMatchObject({ ok: false, violations: [{ path: 'inputs' }] });
  });

  test('reads points in time with an offset', () => {
    for (const at of [new Date(3_600_000), '1970-01-01T01:00:00Z', '1970-01-01T03:00:00+02:00', 3_600_000]) {
      expect(checkInput(contract, { ...good, at })).toMatchObject({ ok: true, value: { at: 3_600_000 } });
    }
  });

  test('is not misled by prototypes', () => {
    const named = defineContract({
      inputs: { constructor: column.text({ fallback: { kind: 'mask' } }), toString: column.text() },
      outputs: {},
    });
    expect(checkInput(named, {}).ok).toBe(false);
    const bare = Object.assign(Object.create(null), { toString: 'own' });
    const checked = checkInput(named, bare);
    expect(checked.ok && Object.entries(checked.value)).toEqual([
      ['constructor', null],
      ['toString', 'own'],
    ]);
    checkInput(contract, JSON.parse('{"__proto__": {"polluted": true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('can refuse fields that it does not know', () => {
    const strict = defineContract({ ...contract, unknownFields: 'refuse' });
    expect(checkInput(strict, { ...good, extra: 1 })).toMatchObject({
      ok: false,
      violations: [{ path: 'inputs.extra', expected: 'no such field' }],
    });
    expect(checkInput(strict, good).ok).toBe(true);
  });

  test('measures text in code points', () => {
    const text = defineContract({ inputs: { t: column.text({ minLength: 2, maxLength: 3 }) }, outputs: {} });
    const ok = (t: string) => checkInput(text, { t }).ok;
    expect(['a', 'ab', 'abc', 'abcd'].map(ok)).toEqual([false, true, true, false]);
    expect(['👩', '👩👩', '👩👩👩', '👩👩👩👩'].map(ok)).toEqual([false, true, true, false]);
    expect(ok('\ud83d\ud83d')).toBe(true);
  });

  test('binds symbolic dimensions across tensors', () => {
    const tensors = defineContract({
      inputs: {
        a: column.tensor({ dtype: 'float32', dims: ['batch', 2] }),
        b: column.tensor({ dtype: 'float32', dims: ['batch'] }),
      },
      outputs: {},
    });
    const tensor = (dims: number[]) => ({
      dtype: 'float32',
      dims,
      data: new Float32Array(dims.reduce((n, d) => n * d, 1)),
    });
    expect(checkInput(tensors, { a: tensor([3, 2]), b: tensor([3]) }).ok).toBe(true);
    expect(checkInput(tensors, { a: tensor([3, 2]), b: tensor([4]) }).ok).toBe(false);
    expect(checkInput(tensors, { a: tensor([3, 3]), b: tensor([3]) }).ok).toBe(false);
    expect(checkInput(tensors, { a: { ...tensor([3, 2]), data: [] }, b: tensor([3]) }).ok).toBe(false);
    expect(checkInput(tensors, { a: { ...tensor([3, 2]), data: { length: 6 } }, b: tensor([3]) }).ok).toBe(false);
    expect(checkInput(tensors, { a: tensor([0, 2]), b: tensor([0]) }).ok).toBe(true);
  });
});

test('checkOutput holds the model to its promise', () => {
  expect(checkOutput(contract, { late: 0.5 })).toMatchObject({ ok: true });
  expect(checkOutput(contract, { late: 1.01 })).toMatchObject({ ok: false, violations: [{ path: 'outputs.late' }] });
});
