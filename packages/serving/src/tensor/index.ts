export { concatRows, padRows, sliceRows } from './batch.js';
export { type DeviceMap, type DeviceTensor, isDeviceTensor } from './device.js';
export { fromFloat16, toFloat16 } from './float16.js';
export type { DType, Tensor, TensorArrays, TensorMap } from './tensor.js';
export {
  arrayFor,
  byteLength,
  DTYPES,
  elementCount,
  MAX_TENSOR_BYTES,
  tensor,
  tensorFromBytes,
  tensors,
} from './tensor.js';
