import { isMillwrightError } from '@millwright/core';
import type { DType } from '../../tensor/index.js';
import type { Dimension, TensorSpec } from '../types.js';
import { DTYPE_OF, OTHER_TYPES } from './element-types.js';
import { expandedNodes } from './function-calls.js';
import { fieldsOf, malformed } from './protobuf.js';
import { readSparse, readTensor } from './vet-tensors.js';
import { newWalk, readText, type VetOptions, type Walk } from './vet-walk.js';

export type { VetOptions } from './vet-walk.js';

/** What a model file says about itself, read without native code. */
export interface VetReport {
  /** Why the model must not be loaded. Empty: it may. */
  readonly reasons: readonly string[];
  /** The file is in order: its only fault is a type that onnxruntime cannot pass. */
  readonly unsupported: boolean;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Operator set version by domain (`''` is ai.onnx). */
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodeCount: number;
  /** Side files that hold weights, as the model names them. */
  readonly externalFiles: readonly string[];
}

/**
 * Walks an ONNX ModelProto (onnx.proto, IR versions 3 to 13) before native code sees it: structure, domains, nesting,
 * names, element types that kill the host process, weights outside the file, and operators that let a request choose
 * how much memory is taken. Never throws on a bad file; it lists reasons.
 */
export function vetModel(bytes: Uint8Array, options: VetOptions = {}): VetReport {
  const walk = newWalk(options);
  try {
    readModel(walk, bytes);
  } catch (error) {
    if (!isMillwrightError(error, 'serving/untrusted-model')) throw error;
    walk.reasons.add(error.message);
  }
  const { inputs, outputs, opsets, nodeCount } = walk;
  const reasons = [...walk.reasons];
  const unsupported = reasons.length > 0 && reasons.every((reason) => walk.unsupported.has(reason));
  return { reasons, unsupported, inputs, outputs, opsets, nodeCount, externalFiles: [...walk.externalFiles] };
}

/** The domains of the ONNX standard. */
const STANDARD = new Set(['', 'ai.onnx', 'ai.onnx.ml']);
/** Operators of onnxruntime itself: native code that the standard does not describe and its tests do not cover. */
const CONTRIBUTED = 'com.microsoft';

/** Operators whose output size is the content of an input, and which inputs those are. */
const SIZED_BY = new Map<string, readonly number[]>([
  ['ConstantOfShape', [0]],
  ['Expand', [1]],
  ['Tile', [1]],
  ['Range', [0, 1, 2]],
  ['Resize', [2, 3]],
  ['Upsample', [1]],
  ['Pad', [1]],
  ['OneHot', [1]],
  ['Loop', [0]],
]);

function readModel(walk: Walk, bytes: Uint8Array): void {
  let graph: Uint8Array | undefined;
  const functions: Uint8Array[] = [];
  let metadataBytes = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) checkVersion(walk, field.value);
    if (field.number === 14 && field.bytes) metadataBytes += field.bytes.length;
    if (field.number === 7 && field.bytes) graph = field.bytes;
    if (field.number === 8 && field.bytes) readOpset(walk, field.bytes);
    if (field.number === 25 && field.bytes) functions.push(field.bytes);
    if (field.number === 20) walk.reasons.add('It carries training information.');
  }
  if (graph === undefined) throw malformed('it has no graph');
  const { maxMetadataBytes, maxNodes } = walk.options;
  if (walk.opsets.size === 0) walk.reasons.add('It names no operator set.');
  if (metadataBytes > maxMetadataBytes)
    walk.reasons.add(`Its properties take ${metadataBytes} bytes, more than ${maxMetadataBytes}.`);
  const bodies = functions.map((fn) => readFunction(walk, fn));
  for (const read of bodies) read();
  readGraph(walk, graph, 0);
  if (functions.length > 0 && expandedNodes(walk.calls, maxNodes) > maxNodes)
    walk.reasons.add(`Its functions expand to more than ${maxNodes} nodes.`);
}

/** IR versions of files that onnxruntime reads: functions of models came with 8, 3 is the first that was released. */
function checkVersion(walk: Walk, version: number): void {
  if (version >= 3 && version <= 13) return;
  const reason = `It is of IR version ${version}; 3 to 13 are known.`;
  walk.reasons.add(reason);
  walk.unsupported.add(reason);
}

function readOpset(walk: Walk, bytes: Uint8Array): void {
  let domain = '';
  let version = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1 && field.bytes) domain = readText(walk, field.bytes);
    if (field.number === 2) version = field.value;
  }
  walk.opsets.set(domain, version);
}

/** Makes the function known, so that others may call it, and returns how to read its nodes. */
function readFunction(walk: Walk, bytes: Uint8Array): () => void {
  const nodes: Uint8Array[] = [];
  let name = '';
  let domain = '';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1 && field.bytes) name = readText(walk, field.bytes);
    if (field.number === 10 && field.bytes) domain = readText(walk, field.bytes);
    // What a call passes in is not followed: inside a function every input counts as chosen by a request.
    if (field.number === 4 && field.bytes) walk.tainted.add(readText(walk, field.bytes));
    if (field.number === 7 && field.bytes) nodes.push(field.bytes);
  }
  const id = `${domain}:${name}`;
  walk.calls.set(id, []);
  return () => {
    walk.inside = id;
    for (const node of nodes) readNode(walk, node, 1);
    walk.inside = '';
  };
}

function readGraph(walk: Walk, bytes: Uint8Array, depth: number): void {
  if (depth > walk.options.maxDepth) {
    walk.reasons.add(`Its graphs nest deeper than ${walk.options.maxDepth}.`);
    return;
  }
  const inputs: TensorSpec[] = [];
  const outputs: TensorSpec[] = [];
  const initializers = new Set<string>();
  const nodes: Uint8Array[] = [];
  for (const { number, bytes: body } of fieldsOf(bytes)) {
    if (body === undefined) continue;
    if (number === 1) nodes.push(body);
    if (number === 5) initializers.add(readTensor(walk, body));
    if (number === 15) readSparse(walk, body, initializers);
    if (number === 11) inputs.push(readValue(walk, body, depth === 0 ? 'input' : undefined));
    if (number === 12) outputs.push(readValue(walk, body, depth === 0 ? 'output' : undefined));
  }
  const fed = inputs.filter((spec) => !initializers.has(spec.name));
  for (const spec of fed) walk.tainted.add(spec.name);
  if (depth === 0) {
    walk.inputs = fed;
    walk.outputs = outputs;
    for (const list of [fed, outputs]) {
      if (new Set(list.map((spec) => spec.name)).size < list.length)
        walk.reasons.add('Two inputs or outputs have one name.');
    }
    if (outputs.length === 0) walk.reasons.add('It has no outputs.');
  }
  for (const node of nodes) readNode(walk, node, depth);
}

function readNode(walk: Walk, bytes: Uint8Array, depth: number): void {
  if (++walk.nodeCount > walk.options.maxNodes) {
    walk.reasons.add(`It has more than ${walk.options.maxNodes} nodes.`);
    return;
  }
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Uint8Array[] = [];
  let type = '';
  let domain = '';
  for (const { number, bytes: body } of fieldsOf(bytes)) {
    if (body === undefined) continue;
    if (number === 1) inputs.push(readText(walk, body));
    if (number === 2) outputs.push(readText(walk, body));
    if (number === 3) readText(walk, body);
    if (number === 4) type = readText(walk, body);
    if (number === 5) attributes.push(body);
    if (number === 7) domain = readText(walk, body);
  }
  const { domains, refuseOperators, trusted } = walk.options;
  walk.calls.get(walk.inside)?.push(`${domain}:${type}`);
  if (refuseOperators.includes(type)) walk.reasons.add(`It uses the operator \`${type}\`.`);
  const allowed = STANDARD.has(domain) || domains.includes(domain) || (trusted && domain === CONTRIBUTED);
  // A function of the model's own is read as one; in onnxruntime's domain the name may be a native operator's as well.
  const own = walk.calls.has(`${domain}:${type}`) && domain !== CONTRIBUTED;
  if (!allowed && !own)
    walk.reasons.add(
      `It uses operators of the domain \`${domain}\`, which \`vetting: { domains: ['${domain}'] }\` allows.`,
    );
  // Such a node embeds or points to a binary of an accelerator's vendor.
  if (type === 'EPContext' && !trusted) walk.reasons.add('It embeds a compiled vendor binary (EPContext).');
  if (!trusted) checkSize(walk, type, inputs);
  if (type !== 'Shape' && type !== 'Size' && inputs.some((name) => walk.tainted.has(name)))
    for (const name of outputs) walk.tainted.add(name);
  for (const attribute of attributes)
    readAttribute(walk, attribute, depth, type === 'Constant' ? outputs[0] : undefined);
}

function checkSize(walk: Walk, type: string, inputs: readonly string[]): void {
  for (const i of SIZED_BY.get(type) ?? []) {
    const name = inputs[i] ?? '';
    if (walk.tainted.has(name))
      walk.reasons.add(`\`${type}\` takes its output size from a request, which could then take any amount of memory.`);
    const size = walk.sizes.get(name) ?? 0;
    if ((type === 'ConstantOfShape' || type === 'Expand') && size > walk.options.maxElements)
      walk.reasons.add(`\`${type}\` asks for ${size} elements, more than ${walk.options.maxElements}.`);
  }
}

function readAttribute(walk: Walk, bytes: Uint8Array, depth: number, constant: string | undefined): void {
  for (const { number, bytes: body } of fieldsOf(bytes)) {
    if (body === undefined) continue;
    if (number === 5 || number === 10) readTensor(walk, body, constant);
    if (number === 6 || number === 11) readGraph(walk, body, depth + 1);
    if (number === 22 || number === 23) readSparse(walk, body, new Set());
  }
}

/** A ValueInfoProto; inside subgraphs, where `role` is undefined, its type may be left out. */
function readValue(walk: Walk, bytes: Uint8Array, role: 'input' | 'output' | undefined): TensorSpec {
  let name = '';
  let type: Uint8Array | undefined;
  for (const { number, bytes: body } of fieldsOf(bytes)) {
    if (number === 1 && body) name = readText(walk, body);
    if (number === 2 && body) type = body;
  }
  const refuse = (what: string) => {
    if (role === undefined) return;
    const reason = `The ${role} \`${name}\` is ${what}, which onnxruntime cannot pass.`;
    walk.reasons.add(reason);
    walk.unsupported.add(reason);
  };
  let dtype: DType | undefined;
  let dims: Dimension[] | undefined;
  for (const { number, bytes: body } of type ? fieldsOf(type) : []) {
    if (number !== 1) {
      if (number === 4 || number === 5 || number === 8 || number === 9) refuse('not a tensor');
      continue;
    }
    for (const field of body ? fieldsOf(body) : []) {
      if (field.number === 1) {
        dtype = DTYPE_OF.get(field.value);
        if (dtype === undefined) refuse(OTHER_TYPES.get(field.value) ?? `of type ${field.value}`);
      }
      if (field.number === 2 && field.bytes)
        dims = [...fieldsOf(field.bytes)].map((dim) => readDimension(walk, dim.bytes));
    }
  }
  if (role !== undefined && type === undefined) refuse('without a type');
  // A subgraph's input still has to be followed by name.
  return { name, dtype: dtype ?? 'float32', dims };
}

function readDimension(walk: Walk, bytes: Uint8Array | undefined): Dimension {
  for (const field of bytes ? fieldsOf(bytes) : []) {
    if (field.number === 1) return field.value >= 0 ? field.value : undefined;
    if (field.number === 2 && field.bytes && field.bytes.length > 0) return readText(walk, field.bytes);
  }
  return undefined;
}
