import { defined } from '@millwright/core';
import type { TensorSpec } from '../types.js';
import type { FunctionCalls } from './function-calls.js';
import type { VetOptions } from './vet.js';

/** What has been found so far on the way through a model file. */
export interface Walk {
  readonly options: typeof DEFAULTS;
  readonly reasons: Set<string>;
  /** Those of them that say what onnxruntime cannot do, not what the file should not. */
  readonly unsupported: Set<string>;
  readonly opsets: Map<string, number>;
  readonly externalFiles: Set<string>;
  /** Values whose contents a request decides. `Shape` and `Size` of them are bounded by the request itself. */
  readonly tainted: Set<string>;
  /** What each function calls; `''` is the model's graph with its subgraphs. */
  readonly calls: FunctionCalls;
  /** The function that is being read. */
  inside: string;
  /** Products of small int64 constants, which may be shapes. */
  readonly sizes: Map<string, number>;
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  nodeCount: number;
}

export function newWalk(options: VetOptions): Walk {
  return {
    options: { ...DEFAULTS, ...defined(options) },
    reasons: new Set(),
    unsupported: new Set(),
    opsets: new Map(),
    externalFiles: new Set(),
    tainted: new Set(),
    calls: new Map([['', []]]),
    inside: '',
    sizes: new Map(),
    inputs: [],
    outputs: [],
    nodeCount: 0,
  };
}

const DEFAULTS = {
  domains: [] as readonly string[],
  sideFiles: new Map<string, number>() as ReadonlyMap<string, number>,
  refuseOperators: [] as readonly string[],
  maxNodes: 100_000,
  maxDepth: 8,
  maxNameLength: 512,
  maxElements: 2 ** 28,
  maxMetadataBytes: 2 ** 20,
  trusted: false as boolean,
} satisfies VetOptions;

/** A name or another text of the file; what is wrong with it is a reason. */
export function readText(walk: Walk, bytes: Uint8Array): string {
  if (bytes.length > walk.options.maxNameLength) {
    walk.reasons.add(`A name is longer than ${walk.options.maxNameLength} bytes.`);
    return '';
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    walk.reasons.add('A name is not UTF-8.');
    return '';
  }
  if (CONTROL.test(text)) walk.reasons.add('A name holds control characters.');
  return text;
}

const decoder = new TextDecoder('utf-8', { fatal: true });
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;
