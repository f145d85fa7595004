import { invalidInput, MillwrightError } from '@millwright/core';
import type { ProviderName } from '../types.js';

/** What we use of onnxruntime's API, so that a host's own copy can be passed in. */
export interface OrtModule {
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<object> };
  readonly Tensor: abstract new (...parameters: never[]) => object;
  readonly env: object;
}

export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView | readonly string[];
  readonly location?: string;
  getData?(releaseData: boolean): Promise<OrtTensor['data']>;
  dispose?(): void;
}

export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  /** Of a pool: a run that may move the memory of the feeds to a worker. */
  runTransferred?(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
  /** Of a pool: ends all but so many of its workers. A process more stands by from then on, with or without a session. */
  keep?(workers: number, spare?: 'started' | 'loaded'): Promise<void>;
  readonly outputMetadata?: readonly {
    readonly name: string;
    readonly isTensor: boolean;
    readonly shape?: readonly (number | string)[];
  }[];
}

/** What onnxruntime-web loads besides its JavaScript. */
export interface OrtAssets {
  /** Where the page serves onnxruntime-web's `.wasm` and `.mjs` files: a folder URL or one URL per file. */
  readonly wasmPaths?: string | { readonly wasm?: string | undefined; readonly mjs?: string | undefined } | undefined;
  /** Threads of the WASM build. Above 1 the page must be cross-origin isolated. Default 1. */
  readonly wasmThreads?: number | undefined;
}

/** Providers to try when the caller has no wish, best first. */
export const DEFAULT_PROVIDERS: readonly ProviderName[] = ['webgpu', 'wasm'];

export const KNOWN_PROVIDERS: readonly ProviderName[] = ['webgpu', 'webnn', 'wasm'];

/** Runs and loads of onnxruntime-web must never overlap, whatever the provider: two at once hang or trap the page. */
export const ALWAYS_ONE_AT_A_TIME = true;

/** The build of onnxruntime-web that carries the provider; the smaller JSPI build where the browser can suspend WASM. */
export async function importOrt(provider: ProviderName, assets: OrtAssets = {}): Promise<OrtModule> {
  const ort = await loadBuild(provider);
  configure(ort, assets);
  return ort;
}

/** Why this provider cannot work here, found without loading anything; undefined when it may. */
export async function whyNot(provider: ProviderName): Promise<string | undefined> {
  if (provider === 'webnn') return 'ml' in navigator ? undefined : 'This browser has no WebNN.';
  if (provider !== 'webgpu') return undefined;
  const { gpu } = navigator as { readonly gpu?: { requestAdapter(): Promise<object | null> } };
  if (gpu === undefined) return 'This browser has no WebGPU, or the page is not a secure context (https or localhost).';
  const adapter = await gpu.requestAdapter();
  return adapter === null ? 'WebGPU found no adapter.' : undefined;
}

/** A page has no process to try a provider in; `whyNot` asks the browser. */
export async function tryOut(_provider: ProviderName): Promise<undefined> {}

/** Brings a tensor from the GPU to this thread, and frees it there. */
export async function download(_ort: OrtModule, tensor: OrtTensor): Promise<OrtTensor['data']> {
  return await tensor.getData!(true);
}

/** Sessions beside this thread. @throws `input/invalid`: a page runs the whole endpoint in a worker of its own instead */
export function hostedOrt(kind: 'worker' | 'process', _count: number): OrtModule {
  throw invalidInput('placement', '`inline` in a page', kind);
}

export function configure(ort: OrtModule, assets: OrtAssets): void {
  const env = ort.env as { logLevel?: string; wasm?: { wasmPaths?: OrtAssets['wasmPaths']; numThreads?: number } };
  if (env.wasm === undefined) return;
  env.logLevel = 'error';
  env.wasm.numThreads = assets.wasmThreads ?? 1;
  if (assets.wasmPaths !== undefined) env.wasm.wasmPaths = assets.wasmPaths;
}

/** @throws `peer/missing` for a failed import whose module is not installed, else the cause itself */
export function explainImport(peer: string, cause: unknown): never {
  if (
    !/ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|Cannot find|Failed to resolve/.test(
      `${(cause as { code?: string })?.code} ${String(cause)}`,
    )
  )
    throw cause;
  const install = `npm install ${peer}`;
  throw new MillwrightError(
    'peer/missing',
    `ONNX models need \`${peer}\`, which is not installed. Run \`${install}\`, or pass your own copy as \`onnx({ ort })\`.`,
    {
      details: { peer, install },
      cause,
    },
  );
}

async function loadBuild(provider: ProviderName): Promise<OrtModule> {
  try {
    if (provider === 'wasm') return await import('onnxruntime-web/wasm');
    if ('Suspending' in WebAssembly) return await import('onnxruntime-web/jspi');
    return await import('onnxruntime-web/webgpu');
  } catch (cause) {
    return explainImport('onnxruntime-web', cause);
  }
}
