import type { ProviderName } from '../types.js';
import { hostedOrt } from './hosted.node.js';
import type { OrtSession } from './ort.js';
import { messageOf } from './session.js';

/** Providers that load drivers: one that is broken may end the process that tries it. */
const DRIVEN = new Set<ProviderName>(['cuda', 'tensorrt', 'webgpu', 'coreml', 'dml']);

/** What to do about it, beside what the provider itself says. */
const REMEDIES: Readonly<Record<ProviderName, string>> = {
  cuda: 'CUDA needs the CUDA 12 and cuDNN 9 libraries and the provider libraries of this version of onnxruntime-node, which its install script fetches (`npm rebuild onnxruntime-node`).',
  tensorrt: 'TensorRT needs what CUDA needs, and the TensorRT 10 libraries.',
  webgpu: 'WebGPU on Linux needs a Vulkan loader (`libvulkan1`) and the driver of the graphics card.',
};

/**
 * Why the provider does not work on this machine, found by running a model of one addition in a child process;
 * undefined when it does. Remembered for five minutes: a driver may be installed, a card may be taken away.
 */
export function tryOut(provider: ProviderName): Promise<string | undefined> {
  if (!DRIVEN.has(provider)) return Promise.resolve(undefined);
  const now = performance.now();
  const known = results.get(provider);
  if (known !== undefined && now - known.at < REMEMBERED_MS) return known.reason;
  const reason = addition(provider);
  results.set(provider, { at: now, reason });
  return reason;
}

const results = new Map<ProviderName, { readonly at: number; readonly reason: Promise<string | undefined> }>();
const REMEMBERED_MS = 300_000;
/** A driver that hangs is as good as none; a cold GPU takes a few seconds. */
const LONGEST_MS = 30_000;

async function addition(provider: ProviderName): Promise<string | undefined> {
  try {
    const ort = hostedOrt('process', 1, { loadMs: LONGEST_MS });
    const options = { executionProviders: [provider], logSeverityLevel: 4 };
    const session = (await ort.InferenceSession.create(Buffer.from(ADDITION, 'base64'), options)) as OrtSession;
    try {
      const { y } = await session.run({ x: { type: 'float32', dims: [2], data: Float32Array.of(1, 2.5) } });
      return String(y?.data) === '2,5' ? undefined : `It answers ${String(y?.data)} to 1 + 1 and 2.5 + 2.5.`;
    } finally {
      await session.release();
    }
  } catch (error) {
    return [messageOf(error), REMEDIES[provider]].filter(Boolean).join(' ');
  }
}

/** ONNX: y = x + x, float32 [2]. */
const ADDITION = 'CAgSBHRlc3Q6OQoOCgF4CgF4EgF5IgNBZGQSBWdyYXBoWg8KAXgSCgoICAESBAoCCAJiDwoBeRIKCggIARIECgIIAkIECgAQEQ==';
