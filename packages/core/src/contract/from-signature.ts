import { defineContract, invalid } from './define.js';
import type { Contract, FieldSpec } from './types.js';

/** A model's tensors, as an ONNX file or a runtime states them. `dims` undefined: any rank, and no contract. */
export interface TensorFields {
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}

/** A tensor by name, element type and sizes. */
export interface NamedTensor {
  readonly name: string;
  /** `float32`, `int64` … */
  readonly dtype: string;
  /** A number is a size, a string the name of one, undefined any size. */
  readonly dims: readonly (number | string | undefined)[] | undefined;
}

/**
 * The contract of a model that is called with tensors: their element types and dimensions. Named dimensions stay symbolic,
 * free ones get a name of their own. Units, ranges and meaning are not in the model: add them by hand.
 *
 * @throws `contract/invalid` for a tensor of any rank or a name that cannot be a field
 * @example
 * const contract = contractFromSignature((await runtime.load(artifact)).signature);
 */
export function contractFromSignature(signature: TensorFields): Contract {
  return defineContract({
    inputs: fieldsOf(signature.inputs, 'inputs'),
    outputs: fieldsOf(signature.outputs, 'outputs'),
  });
}

function fieldsOf(tensors: readonly NamedTensor[], side: string): Record<string, FieldSpec> {
  const fields: Record<string, FieldSpec> = Object.create(null);
  for (const { name, dtype, dims } of tensors) {
    if (dims === undefined)
      throw invalid(`${side}.${name}`, 'the model takes any rank here; write its dimensions by hand');
    if (name in fields) throw invalid(`${side}.${name}`, 'the name occurs twice');
    fields[name] = { type: 'tensor', dtype, dims: dims.map((size, k) => size ?? `${name}.${k}`) };
  }
  return fields;
}
