import {
  type Digest,
  digestBytes,
  digestJson,
  MillwrightError,
  type ModelSource,
  type ResolvedModel,
  seededRandom,
} from '@millwright/core';
import type { Manifest, VerifiedArtifact } from '@millwright/core/artifact';
import type { Contract } from '@millwright/core/contract';
import { floats, int64s, intAttribute, model, node, TYPE } from './onnx-writer.js';

/** An artifact in memory that checks what it reads, as the real one does. `tamper` changes a byte after it was made. */
export function artifactOf(files: Record<string, Uint8Array>, tamper?: string): VerifiedArtifact {
  const list = Object.entries(files).map(([path, bytes]) => ({ path, digest: digestBytes(bytes), size: bytes.length }));
  const manifest: Manifest = {
    format: 'millwright.manifest/1',
    files: list.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  const read = async (path: string): Promise<Uint8Array> => {
    const entry = manifest.files.find((file) => file.path === path);
    const found = files[path];
    if (entry === undefined || found === undefined)
      throw new MillwrightError('state/not-found', path, { details: { what: 'file', id: path } });
    const bytes = found.slice();
    if (path === tamper) bytes[bytes.length >> 1]! ^= 1;
    const actual = digestBytes(bytes);
    if (actual === entry.digest) return bytes;
    throw new MillwrightError('artifact/mismatch', path, { details: { path, expected: entry.digest, actual } });
  };
  return {
    digest: digestJson(manifest) as Digest,
    manifest,
    bytes: read,
    stream: async (path) => new Blob([(await read(path)) as Uint8Array<ArrayBuffer>]).stream(),
  };
}

export function resolvedModel(id: string, bytes: Uint8Array, contract?: Contract, tamper = false): ResolvedModel {
  const artifact = artifactOf({ 'model.onnx': bytes }, tamper ? 'model.onnx' : undefined);
  return { id, digest: artifact.digest, artifact, contract };
}

export const sourceOf = (resolved: ResolvedModel): ModelSource => ({ resolve: async () => resolved });

/** `score = sigmoid(x · w + bias)`; x float32 [rows, n]. */
export function logistic(weights: readonly number[], bias: number): Uint8Array {
  return model({
    nodes: [node('MatMul', ['x', 'w'], ['xw']), node('Add', ['xw', 'bias'], ['z']), node('Sigmoid', ['z'], ['score'])],
    inputs: [{ name: 'x', type: TYPE.float, dims: ['rows', weights.length] }],
    outputs: [{ name: 'score', type: TYPE.float, dims: ['rows', 1] }],
    initializers: [floats('w', [weights.length, 1], weights), floats('bias', [1], [bias])],
  });
}

/** `score = sigmoid(sum of table[codes] + miles · m)`; codes int64 [rows, n], miles float32 [rows, 1]. */
export function lookup(table: readonly number[], codes: number, miles: number): Uint8Array {
  return model({
    nodes: [
      node('Gather', ['table', 'codes'], ['picked'], [intAttribute('axis', 0)]),
      node('ReduceSum', ['picked', 'axis'], ['sum'], [intAttribute('keepdims', 1)]),
      node('Mul', ['miles', 'm'], ['far']),
      node('Add', ['sum', 'far'], ['z']),
      node('Sigmoid', ['z'], ['score']),
    ],
    inputs: [
      { name: 'codes', type: TYPE.int64, dims: ['rows', codes] },
      { name: 'miles', type: TYPE.float, dims: ['rows', 1] },
    ],
    outputs: [{ name: 'score', type: TYPE.float, dims: ['rows', 1] }],
    initializers: [floats('table', [table.length], table), int64s('axis', [1], [1]), floats('m', [1], [miles])],
  });
}

/** A multilayer perceptron of the given widths with random weights: Gemm and Relu. */
export function perceptron(widths: readonly number[], seed = 1): Uint8Array {
  const random = seededRandom(seed);
  const normalish = (n: number, scale: number) =>
    Float32Array.from({ length: n }, () => scale * (2 * random.next() - 1));
  const nodes: Uint8Array[] = [];
  const initializers: Uint8Array[] = [];
  let name = 'x';
  for (let i = 1; i < widths.length; i++) {
    const [from, to] = [widths[i - 1]!, widths[i]!];
    const out = i === widths.length - 1 ? 'y' : `h${i}`;
    initializers.push(
      floats(`w${i}`, [from, to], normalish(from * to, 1 / Math.sqrt(from))),
      floats(`b${i}`, [to], normalish(to, 0.1)),
    );
    nodes.push(node('Gemm', [name, `w${i}`, `b${i}`], [out === 'y' ? out : `g${i}`]));
    if (out !== 'y') nodes.push(node('Relu', [`g${i}`], [out]));
    name = out;
  }
  return model({
    nodes,
    inputs: [{ name: 'x', type: TYPE.float, dims: ['rows', widths[0]!] }],
    outputs: [{ name: 'y', type: TYPE.float, dims: ['rows', widths.at(-1)!] }],
    initializers,
  });
}

/** Subtracts the mean over the batch: rows influence each other. */
export function batchCentred(): Uint8Array {
  return model({
    nodes: [node('ReduceMean', ['x'], ['mean'], [intAttribute('keepdims', 1)]), node('Sub', ['x', 'mean'], ['y'])],
    inputs: [{ name: 'x', type: TYPE.float, dims: ['rows', 2] }],
    outputs: [{ name: 'y', type: TYPE.float, dims: ['rows', 2] }],
  });
}
