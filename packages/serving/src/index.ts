export * from './endpoint/index.js';
export type { Codec, Engine, EngineFacts, EngineStats, ManyRows, Shape } from './engine/index.js';
export { paddedLength, tensorCodec } from './engine/index.js';
export * from './guard/index.js';
export * from './multimodal/index.js';
export * from './runtime/index.js';
export { type OnnxOptions, onnx, type PoolLimits } from './runtime/onnx/index.js';
export * from './tensor/index.js';
