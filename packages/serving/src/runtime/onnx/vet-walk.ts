import { defined } from '@millwright/core';
import type { TensorSpec } from '../types.js';
import type { FunctionCalls } from './function-calls.js';

/** What an ONNX file may contain and how large it may be before native code sees it. */
export interface VetOptions {
  /**
   * Operator domains that may be used beside `''`, `ai.onnx` and `ai.onnx.ml`. Default none. onnxruntime's own operators,
   * which its optimiser and some of its quantisers write into models, are `com.microsoft`.
   */
  readonly domains?: readonly string[] | undefined;
  /** Sizes in bytes of the side files that the manifest lists. A model that names another file, or more of it, is refused. */
  readonly sideFiles?: ReadonlyMap<string, number> | undefined;
  /** Operators that may not be used, whatever their domain. Default none. */
  readonly refuseOperators?: readonly string[] | undefined;
  /** Also counts the nodes of the model's own functions each time that they are called. Default 100,000. */
  readonly maxNodes?: number | undefined;
  /** How deep If, Loop and Scan bodies may nest. Default 8. */
  readonly maxDepth?: number | undefined;
  /** Bytes of a name in the file. Default 512. */
  readonly maxNameLength?: number | undefined;
  /** Elements that a shape written in the file may ask for. Default 2^28: 1 GiB of float32. */
  readonly maxElements?: number | undefined;
  /** Bytes of the properties that a maker may attach. Default 1 MiB. */
  readonly maxMetadataBytes?: number | undefined;
  /** The maker is trusted: operators whose output size is an input (`Expand`, `Range`, `Loop` …) and those of `com.microsoft` are let through. */
  readonly trusted?: boolean | undefined;
}

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
