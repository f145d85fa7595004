import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { onnx, tensor, tensors } from '@millwright/serving';
import { expect, test, vi } from 'vitest';
import { chainOnDevice, expectedReport } from '../support/device-cases.js';
import { artifactOf, perceptron } from '../support/models.js';
import { floatCases, floatExceptions } from '../support/operator-cases.js';
import { runOperators } from '../support/spawn-operators.js';

/** Chromium ships a software GPU (SwiftShader) and the Vulkan loader for it. */
const ICD = [process.env['VK_ICD_FILENAMES'], '/usr/lib/chromium/vk_swiftshader_icd.json'].find(
  (path) => path !== undefined && existsSync(path),
);
/** Where this runs for a release, a GPU that is not there is a failure. */
const skip = ICD === undefined && process.env['CI'] !== 'true';
/** A process reads its library path once, when it starts: so a child gets it, not this one. */
const vulkan = () => ({ VK_ICD_FILENAMES: ICD!, LD_LIBRARY_PATH: dirname(ICD!) });

test.skipIf(skip)('operators on WebGPU in Node give what their definitions say', { timeout: 240_000 }, async () => {
  const names = floatCases().map(({ name }) => name);
  const { results, aborted } = await runOperators('webgpu', names, vulkan());
  expect(aborted).toEqual([]);
  expect([...results].filter(([, result]) => result !== 'pass').map(([name]) => name)).toEqual(
    floatExceptions.webgpuInNode,
  );
});

test.skipIf(skip)('WebGPU in a process of its own gives the answers of the CPU', { timeout: 60_000 }, async () => {
  for (const [name, value] of Object.entries(vulkan())) vi.stubEnv(name, value);
  try {
    const artifact = artifactOf({ 'm.onnx': perceptron([8, 16, 4]) });
    await using gpu = await onnx({ require: 'webgpu', placement: 'process', workers: 2 }).load(artifact);
    await using cpu = await onnx({ require: 'cpu' }).load(artifact);
    expect(gpu.facts).toMatchObject({ executionProvider: 'webgpu', padBatches: true });
    expect(gpu.concurrency).toBe(1);
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
});

test.skipIf(skip)('tensors stay on the device between models', { timeout: 60_000 }, async () => {
  const script = join(import.meta.dirname, '../support/run-device.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--conditions=@millwright/source', script],
    { env: { ...process.env, ...vulkan() } },
  );
  expect(JSON.parse(stdout)).toEqual(expectedReport('device'));
});

test('where a provider has no memory of its own, the same code passes ordinary tensors', async () => {
  expect(await chainOnDevice(onnx({ require: 'cpu' }))).toEqual(expectedReport('host'));
});

test('a session elsewhere keeps no tensors for others', async () => {
  await using model = await onnx({ placement: 'worker' }).load(artifactOf({ 'm.onnx': perceptron([8, 16, 4]) }));
  expect(model.runOnDevice).toBeUndefined();
});
