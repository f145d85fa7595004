import { isMillwrightError } from '@millwright/core';
import { isDeviceTensor, type ModelRuntime, tensor, tensors } from '@millwright/serving';
import { artifactOf } from './models.js';
import { floats, model, node, TYPE } from './onnx-writer.js';

/** `y = x · w`, float32 [rows, 2]: a model that can feed itself. */
const double = model({
  nodes: [node('MatMul', ['x', 'w'], ['y'])],
  inputs: [{ name: 'x', type: TYPE.float, dims: ['rows', 2] }],
  outputs: [{ name: 'y', type: TYPE.float, dims: ['rows', 2] }],
  initializers: [floats('w', [2, 2], [2, 0, 0, 2])],
});

export interface DeviceReport {
  readonly location: string;
  /** What one model gave another on the device, and what came out of the second. */
  readonly chained: readonly number[];
  readonly plain: readonly number[];
  /** Tensors alive: after a run, after `download`, after `using`, after `close`. */
  readonly alive: readonly (number | undefined)[];
  /** What an ended tensor answers: to `download`, and as a feed. */
  readonly ended: readonly string[];
}

/** Two models that pass a tensor on without this thread seeing it, and what becomes of tensors that ended. */
export async function chainOnDevice(runtime: ModelRuntime): Promise<DeviceReport> {
  const artifact = artifactOf({ 'm.onnx': double });
  const plan = { deviceOutputs: ['y'] };
  await using first = await runtime.load(artifact, plan);
  const second = await runtime.load(artifact, plan);
  const feeds = tensors({ x: tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)) });
  const kept = async (of: typeof first, fed: Parameters<NonNullable<typeof first.runOnDevice>>[0]) => {
    const y = (await of.runOnDevice!(fed)).get('y')!;
    if (!isDeviceTensor(y)) throw new Error('not on the device');
    return y;
  };
  const middle = await kept(first, feeds);
  const alive = [first.deviceTensors];
  const last = await kept(second, new Map([['x', middle]]));
  const chained = [...((await last.download()).data as Float32Array)];
  alive.push(second.deviceTensors);
  {
    using _again = await kept(second, new Map([['x', middle]]));
  }
  alive.push(second.deviceTensors);
  middle.dispose();
  const codeOf = (error: unknown) => (isMillwrightError(error) ? error.code : String(error));
  const ended = [
    await middle.download().then(String, codeOf),
    await second.runOnDevice!(new Map([['x', middle]])).then(String, codeOf),
  ];
  const plain = [...((await second.run(feeds)).get('y')!.data as Float32Array)];
  await kept(second, feeds);
  await second.close();
  alive.push(second.deviceTensors);
  return { location: middle.location, chained, plain, alive, ended };
}

export const expectedReport = (location: 'device' | 'host'): DeviceReport => ({
  location,
  chained: [4, 8, 12, 16],
  plain: [2, 4, 6, 8],
  alive: [1, 0, 0, 0],
  ended: ['state/closed', 'serving/tensor'],
});
