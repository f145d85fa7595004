export { type OnnxOptions, onnx } from './onnx.js';
export type { OrtAssets, OrtModule } from './ort.js';
export type { PoolLimits } from './pool-size.js';
export { type VetOptions, type VetReport, vetModel } from './vet.js';
