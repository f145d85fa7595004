/** Chains two models on WebGPU in this process, which must have been started where Vulkan is, and prints what came of it. */
import { onnx } from '@millwright/serving';
import { chainOnDevice } from './device-cases.js';

process.stdout.write(JSON.stringify(await chainOnDevice(onnx({ require: 'webgpu' }))));
