import type { ProviderName } from '../types.js';
import { configure, explainImport, type OrtAssets, type OrtModule } from './ort.js';

export { download } from './download.node.js';
export { hostedOrt } from './hosted.node.js';
export type { OrtAssets, OrtModule } from './ort.js';
export { tryOut } from './try-out.node.js';

/** Node's half of the `#ort` seam; same names as `ort.ts`, chosen by the import condition `node`. */
export const DEFAULT_PROVIDERS: readonly ProviderName[] = ['cpu', 'wasm'];

export const KNOWN_PROVIDERS: readonly ProviderName[] = ['cpu', 'cuda', 'tensorrt', 'webgpu', 'coreml', 'dml', 'wasm'];

/** onnxruntime-node runs synchronously on this thread; only its WebGPU provider needs the lock. */
export const ALWAYS_ONE_AT_A_TIME = false;

/** onnxruntime-node, or onnxruntime-web's Node build for `wasm` (musl, or a platform without a native binary). */
export async function importOrt(provider: ProviderName, assets: OrtAssets = {}): Promise<OrtModule> {
  if (provider !== 'wasm') {
    const ort = await import('onnxruntime-node').catch((cause) => explainImport('onnxruntime-node', cause));
    // Failures reach us as exceptions; onnxruntime would also print them, in colour. A host that wants that passes its own `ort`.
    ort.env.logLevel = 'fatal';
    return ort;
  }
  const ort = await import('onnxruntime-web').catch((cause) => explainImport('onnxruntime-web', cause));
  configure(ort, assets);
  return ort;
}

/** Which platforms onnxruntime-node ships a provider for; the rest is found out by loading. */
export async function whyNot(provider: ProviderName): Promise<string | undefined> {
  const { platform, arch } = process;
  if (provider === 'coreml' && platform !== 'darwin') return 'CoreML exists on macOS only.';
  if (provider === 'dml' && platform !== 'win32') return 'DirectML exists on Windows only.';
  if ((provider === 'cuda' || provider === 'tensorrt') && !(platform === 'linux' && arch === 'x64'))
    return 'onnxruntime-node carries CUDA for Linux x64 only.';
  return undefined;
}
