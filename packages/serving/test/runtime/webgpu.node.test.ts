import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { onnx, tensor, tensors } from '@millwright/serving';
import { expect, test, vi } from 'vitest';
import { artifactOf, perceptron } from '../support/models.js';

/** Chromium ships a software GPU (SwiftShader) and the Vulkan loader for it. */
const ICD = [process.env['VK_ICD_FILENAMES'], '/usr/lib/chromium/vk_swiftshader_icd.json'].find(
  (path) => path !== undefined && existsSync(path),
);

test.skipIf(ICD === undefined)(
  'WebGPU in a Node process gives the answers of the CPU',
  { timeout: 60_000 },
  async () => {
    // A process reads its library path once, when it starts: so the child gets it, not this one.
    vi.stubEnv('VK_ICD_FILENAMES', ICD!);
    vi.stubEnv('LD_LIBRARY_PATH', dirname(ICD!));
    try {
      const artifact = artifactOf({ 'm.onnx': perceptron([8, 16, 4]) });
      await using gpu = await onnx({ require: 'webgpu', placement: 'process' }).load(artifact);
      await using cpu = await onnx({ require: 'cpu' }).load(artifact);
      expect(gpu.facts).toMatchObject({ executionProvider: 'webgpu', padBatches: true });
      const feeds = tensors({
        x: tensor(
          'float32',
          [3, 8],
          Float32Array.from({ length: 24 }, (_, i) => i / 24),
        ),
      });
      const expected = (await cpu.run(feeds)).get('y')!.data as Float32Array;
      for (const [i, value] of ((await gpu.run(feeds)).get('y')!.data as Float32Array).entries())
        expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(expected[i]!)));
    } finally {
      vi.unstubAllEnvs();
    }
  },
);
