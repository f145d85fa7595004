import { checkInput, contractFromSignature } from '@millwright/core/contract';
import { describe, expect, test } from 'vitest';

const signature = {
  inputs: [{ name: 'features', dtype: 'float32', dims: ['batch', 8] }],
  outputs: [
    { name: 'probability', dtype: 'float32', dims: ['batch', undefined] },
    { name: 'label', dtype: 'int64', dims: ['batch'] },
  ],
};

describe('a contract from a model signature', () => {
  const contract = contractFromSignature(signature);

  test('has the element types and dimensions; a free dimension gets a name', () => {
    expect(contract.inputs['features']).toEqual({ type: 'tensor', dtype: 'float32', dims: ['batch', 8] });
    expect(contract.outputs['probability']!.dims).toEqual(['batch', 'probability.1']);
    expect(contract.digest).toBe(contractFromSignature(structuredClone(signature)).digest);
  });

  test('holds requests to it', () => {
    const tensor = (dtype: string, dims: number[]) => ({
      features: { dtype, dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)) },
    });
    expect(checkInput(contract, tensor('float32', [3, 8]))).toHaveProperty('value');
    expect(checkInput(contract, tensor('float32', [3, 7]))).toHaveProperty('violations');
    expect(checkInput(contract, tensor('float64', [3, 8]))).toHaveProperty('violations');
  });

  test('a tensor of any rank, a name that occurs twice or cannot be a field are refused', () => {
    const one = (name: string, dims: number[] | undefined) => ({ name, dtype: 'float32', dims });
    expect(() => contractFromSignature({ inputs: [one('x', undefined)], outputs: [] })).toThrow('any rank');
    expect(() => contractFromSignature({ inputs: [one('x', [1]), one('x', [1])], outputs: [] })).toThrow(
      'occurs twice',
    );
    expect(() => contractFromSignature({ inputs: [one('__proto__', [1])], outputs: [] })).toThrow('cannot be a field');
  });
});
