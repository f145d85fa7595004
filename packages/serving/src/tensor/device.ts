import type { DType, Tensor } from './tensor.js';

/**
 * A tensor in the memory of the device that computed it. It ends by `download` or by `dispose` (or `using`); feeding it
 * to a model does not end it. Where a provider has no memory of its own it is an ordinary tensor with the same face.
 */
export interface DeviceTensor extends Disposable {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Where the values are: `device`, or `host` when the provider computes there. */
  readonly location: 'device' | 'host';
  /** The values as a tensor of this thread. The device's memory is free afterwards. @throws `state/closed` when it has ended */
  download(): Promise<Tensor>;
  /** Frees the device's memory. Twice is harmless. */
  dispose(): void;
}

/** Tensors by name, some of which lie on a device. */
export type DeviceMap = ReadonlyMap<string, Tensor | DeviceTensor>;

/** Whether a tensor lies on a device, to be read before its values can be used. */
export function isDeviceTensor(tensor: Tensor | DeviceTensor): tensor is DeviceTensor {
  return 'download' in tensor;
}
