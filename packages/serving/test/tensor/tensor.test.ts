import { isMillwrightError } from '@millwright/core';
import {
  concatRows,
  elementCount,
  fromFloat16,
  padRows,
  sliceRows,
  tensor,
  tensorFromBytes,
  toFloat16,
} from '@millwright/serving/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const refused = (make: () => unknown) => {
  try {
    make();
  } catch (error) {
    return isMillwrightError(error, 'serving/tensor');
  }
  return false;
};

describe('tensor', () => {
  test('holds values with their shape', () => {
    const t = tensor('float32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(t).toMatchObject({ dtype: 'float32', dims: [2, 3] });
    expect(tensor('int64', [], BigInt64Array.of(7n)).data[0]).toBe(7n);
    expect(tensor('string', [0, 4], []).data).toEqual([]);
  });

  test('refuses a length, an array kind or a shape that does not fit', () => {
    expect(refused(() => tensor('float32', [2], Float32Array.of(1)))).toBe(true);
    expect(refused(() => tensor('float32', [1], Float64Array.of(1) as never))).toBe(true);
    expect(refused(() => tensor('uint8', [1], Uint8ClampedArray.of(1) as never))).toBe(true);
    expect(refused(() => tensor('float32', [-1], new Float32Array()))).toBe(true);
    expect(refused(() => elementCount([2 ** 31, 2 ** 31, 0]))).toBe(true);
    expect(refused(() => elementCount([0.5]))).toBe(true);
  });

  test('copies bytes out of a pool, aligned or not', () => {
    const pool = new Uint8Array(16);
    new DataView(pool.buffer).setFloat32(3, 1.5, true);
    const t = tensorFromBytes('float32', [1], pool.subarray(3, 7));
    pool.fill(0);
    expect(t.data[0]).toBe(1.5);
    expect(t.data.buffer.byteLength).toBe(4);
  });
});

describe('rows', () => {
  test('slices are copies of their own', () => {
    const all = tensor('float32', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
    const middle = sliceRows(all, 1, 2);
    expect([...middle.data]).toEqual([3, 4]);
    expect((middle.data as Float32Array).buffer.byteLength).toBe(8);
  });

  test('what was sliced can be put together again, for every type', () => {
    const texts = tensor('string', [2, 1], ['a', 'b']);
    expect(concatRows([sliceRows(texts, 0, 1), sliceRows(texts, 1, 2)])).toEqual(texts);
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 2, maxLength: 40 }), fc.nat(), (values, at) => {
        const t = tensor('float32', [values.length, 1], Float32Array.from(values));
        const cut = at % values.length;
        expect(concatRows([sliceRows(t, 0, cut), sliceRows(t, cut, values.length)])).toEqual(t);
      }),
    );
  });

  test('padding repeats the first row', () => {
    const t = tensor('int32', [2, 1], Int32Array.of(7, 8));
    expect([...padRows(t, 4).data]).toEqual([7, 8, 7, 7]);
  });

  test('refuses rows that are not there and parts that differ', () => {
    const t = tensor('int32', [2, 1], Int32Array.of(7, 8));
    expect(refused(() => sliceRows(t, 1, 3))).toBe(true);
    expect(refused(() => sliceRows(tensor('int32', [], Int32Array.of(1)), 0, 1))).toBe(true);
    expect(refused(() => concatRows([t, tensor('float32', [1, 1], Float32Array.of(1))]))).toBe(true);
    expect(refused(() => concatRows([]))).toBe(true);
  });
});

describe('float16', () => {
  test('known bits', () => {
    const known: [number, number][] = [
      [0, 0],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65520, 0x7c00],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [2 ** -14, 0x400],
      [0.1, 0x2e66],
      [1 / 3, 0x3555],
      [Number.POSITIVE_INFINITY, 0x7c00],
    ];
    for (const [value, bits] of known) expect(toFloat16(value), String(value)).toBe(bits);
    expect(Number.isNaN(fromFloat16(toFloat16(Number.NaN)))).toBe(true);
  });

  test('every half survives the way to a number and back', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = fromFloat16(bits);
      if (!Number.isNaN(value)) expect(toFloat16(value)).toBe(bits);
    }
  });
});
