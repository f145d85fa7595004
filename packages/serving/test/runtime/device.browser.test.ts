import { onnx } from '@millwright/serving';
import { expect, test } from 'vitest';
import { chainOnDevice, expectedReport } from '../support/device-cases.js';

const wasmPaths = '/node_modules/onnxruntime-web/dist/';

test.each([
  ['webgpu', 'device'],
  ['wasm', 'host'],
] as const)('tensors pass from model to model in a page on %s', { timeout: 60_000 }, async (provider, location) => {
  expect(await chainOnDevice(onnx({ require: provider, wasmPaths }))).toEqual(expectedReport(location));
});
