import { isMillwrightError } from '@millwright/core';
import { type Contract, column, defineContract } from '@millwright/core/contract';
import { type DType, defaultCodec, type Row, type TensorSpec, tensor, tensors, toFloat16 } from '@millwright/serving';
import { describe, expect, test } from 'vitest';
import { resolvedModel } from '../support/models.js';

const spec = (name: string, dtype: DType, ...dims: (number | string)[]): TensorSpec => ({ name, dtype, dims });
const y = spec('y', 'float32', 'n', 1);

function codec(contract: Contract | undefined, inputs: TensorSpec[], outputs: TensorSpec[] = [y]) {
  const model = resolvedModel('m@1', Uint8Array.of(1), contract);
  return defaultCodec(model, { inputs, outputs, batch: 'dynamic' });
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return isMillwrightError(error) ? error.code : String(error);
  }
  return 'nothing thrown';
}

const output = { y: column.number() };

describe('the default codec', () => {
  test('puts numeric inputs into the columns of a matrix, in the contract order', () => {
    const contract = defineContract({ inputs: { b: column.number(), a: column.boolean() }, outputs: output });
    const feeds = codec(contract, [spec('x', 'float32', 'n', 2)]).encode([
      { a: true, b: 2 },
      { a: false, b: 3 },
    ]);
    expect(feeds.get('x')).toEqual(tensor('float32', [2, 2], Float32Array.of(2, 1, 3, 0)));
  });

  test('takes a tensor where a contract has one', () => {
    const { encode } = codec(undefined, [spec('x', 'int64', 'n', 2)]);
    const x = tensor('int64', [2], BigInt64Array.of(7n, 8n));
    expect(encode([{ x }]).get('x')).toEqual(tensor('int64', [1, 2], x.data));
    expect(codeOf(() => encode([{ x: { dims: [1], data: [1] } }]))).toBe('contract/violated');
  });

  test('what cannot be read breaks the contract, whatever it throws', () => {
    const { encode } = codec(undefined, [spec('x', 'int64', 'n')]);
    const throwing = Object.defineProperty({}, 'x', {
      get() {
        throw new TypeError('no');
      },
    });
    for (const row of [null, undefined, 7, 'x', throwing, { x: Symbol('s') }, { x: {} }] as Row[])
      expect(codeOf(() => encode([row]))).toBe('contract/violated');
  });

  test('gives each input its tensor, of its type and rank', () => {
    const contract = defineContract({
      inputs: {
        miles: column.number(),
        hour: column.integer(),
        origin: column.category(),
        wet: column.boolean(),
        half: column.number(),
      },
      outputs: output,
    });
    const inputs = [
      spec('miles', 'float32', 'n', 1),
      spec('hour', 'int64', 'n'),
      spec('origin', 'string', 'n'),
      spec('wet', 'bool', 'n'),
      spec('half', 'float16', 'n'),
    ];
    const feeds = codec(contract, inputs).encode([{ miles: 405.5, hour: 17, origin: 'MCI', wet: true, half: 1.5 }]);
    expect(feeds).toEqual(
      tensors({
        miles: tensor('float32', [1, 1], Float32Array.of(405.5)),
        hour: tensor('int64', [1], BigInt64Array.of(17n)),
        origin: tensor('string', [1], ['MCI']),
        wet: tensor('bool', [1], Uint8Array.of(1)),
        half: tensor('float16', [1], Uint16Array.of(toFloat16(1.5))),
      }),
    );
  });

  test('takes arrays for wide tensors, plain or typed', () => {
    const one = codec(undefined, [spec('x', 'float32', 'n', 3)]);
    const feeds = one.encode([{ x: [1, 2, 3] }, { x: Float32Array.of(4, 5, 6) }]);
    expect(feeds.get('x')).toEqual(tensor('float32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
    expect(codeOf(() => one.encode([{ x: [1, 2] }]))).toBe('contract/violated');
    expect(codeOf(() => one.encode([{}]))).toBe('contract/violated');
  });

  test('decodes scalars, rows, integers and booleans, by name or by position', () => {
    const outputs = [spec('label', 'int64', 'n'), spec('probabilities', 'float32', 'n', 2), spec('sure', 'bool', 'n')];
    const answers = tensors({
      label: tensor('int64', [2], BigInt64Array.of(1n, 0n)),
      probabilities: tensor('float32', [2, 2], Float32Array.of(0.25, 0.75, 1, 0)),
      sure: tensor('bool', [2], Uint8Array.of(0, 1)),
    });
    const x = [spec('x', 'float32', 'n', 1)];
    expect(codec(undefined, x, outputs).decode(answers, 2)).toEqual([
      { label: 1, probabilities: [0.25, 0.75], sure: false },
      { label: 0, probabilities: [1, 0], sure: true },
    ]);
    const late = defineContract({ inputs: { x: column.number() }, outputs: { late: column.probability() } });
    const scores = tensors({ y: tensor('float32', [1, 1], Float32Array.of(0.5)) });
    expect(codec(late, x).decode(scores, 1)).toEqual([{ late: 0.5 }]);
  });

  test('refuses values that the tensor cannot hold', () => {
    const integers = codec(undefined, [spec('i', 'int64', 'n')]);
    const refused: Row[] = [{ i: 1.5 }, { i: 2 ** 53 }, { i: 'x' }, { i: undefined }, { i: Number.NaN }];
    for (const row of refused)
      expect(
        codeOf(() => integers.encode([row])),
        String(row['i']),
      ).toBe('contract/violated');
    expect(integers.encode([{ i: 2n ** 60n }]).get('i')!.data[0]).toBe(2n ** 60n);
  });

  test('says what does not fit when the model is loaded, not when it is asked', () => {
    const text = defineContract({ inputs: { a: column.category(), b: column.number() }, outputs: output });
    expect(codeOf(() => codec(text, [spec('x', 'float32', 'n', 2)]))).toBe('input/invalid');
    const three = defineContract({
      inputs: { a: column.number(), b: column.number(), c: column.number() },
      outputs: output,
    });
    expect(codeOf(() => codec(three, [spec('x', 'float32', 'n', 2)]))).toBe('input/invalid');
    const two = defineContract({ inputs: { x: column.number() }, outputs: { p: column.number(), q: column.number() } });
    expect(codeOf(() => codec(two, [spec('x', 'float32', 'n', 1)]))).toBe('input/invalid');
  });
});
