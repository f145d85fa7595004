import type { Abortable, Closable } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import type { DeviceMap, DType, TensorMap } from '../tensor/index.js';

/** Where a model can run: `cpu`, `cuda`, `tensorrt`, `webgpu`, `webnn`, `wasm`, `coreml`, `dml`, or a runtime's own word. */
export type ProviderName = string;

/** One place where models can run here, or why not. */
export interface ExecutionProvider {
  readonly name: ProviderName;
  readonly available: boolean;
  readonly reason?: string | undefined;
}

/** A size, the name of a size (equal names are equal sizes), or undefined for any size. */
export type Dimension = number | string | undefined;

/** A tensor that a model takes or gives. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  /** A number is fixed, a string is a symbolic dimension (equal names are equal sizes), undefined is free. No list: any rank. */
  readonly dims: readonly Dimension[] | undefined;
}

/** What a model takes and returns. */
export interface TensorSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * How many rows one run takes along the first dimension of every input and output: any number (`dynamic`), exactly
   * this many, or undefined when the model has no batch dimension.
   */
  readonly batch: 'dynamic' | number | undefined;
}

/** Rows whose answer is known: what a rung of the ladder must reproduce before it is trusted. */
export interface GoldenRun {
  readonly feeds: TensorMap;
  readonly outputs: TensorMap;
}

/** What will be asked of a model, so that it can be made ready and checked before the first request. */
export interface LoadPlan {
  /** Outputs that `runOnDevice` leaves where they were computed, for other models of this runtime. Default none. */
  readonly deviceOutputs?: readonly string[] | undefined;
  /** The model's file inside the artifact. Default: the only `.onnx` file. */
  readonly file?: string | undefined;
  /** Runs whose outputs are known; a model that answers otherwise is refused. */
  readonly golden?: readonly GoldenRun[] | undefined;
  /** Largest difference of a golden output: `|a - b| <= tolerance * max(1, |b|)`. Default 1e-4 (fp32). */
  readonly tolerance?: number | undefined;
}

/** Where runs happen: on the calling thread, which they block; in worker threads; in child processes; in another service. */
export type Placement = 'inline' | 'worker' | 'process' | 'remote';

/** An execution provider that was tried and could not be used. */
export interface RefusedProvider {
  readonly provider: ProviderName;
  readonly reason: string;
}

/** What loading found out. */
export interface LoadFacts {
  readonly runtime: string;
  /** What really runs the model. */
  readonly executionProvider: ProviderName;
  readonly placement: Placement;
  /** Providers that were preferred and could not be used, in the order in which they were tried. */
  readonly refused: readonly RefusedProvider[];
  readonly loadMs: number;
  /** Size of the model's file. */
  readonly modelBytes: number;
  /** Largest difference found on the golden runs, relative to `max(1, |expected|)`; undefined when there were none. */
  readonly parity: number | undefined;
  /** A batch size that was not warmed costs a compilation (WebGPU), so batches are padded up to a warm one. */
  readonly padBatches: boolean;
}

/** How one run is done. */
export interface RunOptions extends Abortable {
  /** The feeds may be empty afterwards. Default false. */
  readonly transfer?: boolean | undefined;
}

/** A model in memory, ready to run. No more runs overlap than `concurrency` says. */
export interface LoadedModel extends Closable {
  readonly signature: TensorSignature;
  readonly facts: LoadFacts;
  /** How many runs may overlap. */
  readonly concurrency: number;
  /**
   * Runs the model once. The feeds are left alone by both sides until the promise settles; the outputs belong to the caller.
   * With `transfer`, the caller needs the feeds no more: where sessions live in workers their memory moves there, uncopied.
   *
   * @throws `serving/tensor` before native code sees feeds that do not fit; `serving/model-failed`; `state/closed`
   */
  run(feeds: TensorMap, options?: RunOptions): Promise<TensorMap>;
  /**
   * The same without the way to this thread and back: takes what other models of the runtime left on the device, and
   * leaves there the outputs that the plan names. Only where a session lives on this thread.
   */
  readonly runOnDevice?: ((feeds: DeviceMap) => Promise<DeviceMap>) | undefined;
  /** Tensors of this model that lie on the device and have not ended; `close` frees them. */
  readonly deviceTensors?: number | undefined;
}

/** Something that runs models: ONNX in Node, ONNX in a page, a plain function, a remote inference server. */
export interface ModelRuntime {
  readonly id: string;
  /** What can run here and, if not, why not. */
  probe(options?: Abortable): Promise<readonly ExecutionProvider[]>;
  /** @throws `serving/no-provider`, `serving/untrusted-model`, `serving/unsupported`, `artifact/mismatch`, `peer/missing` */
  load(artifact: VerifiedArtifact, plan?: LoadPlan, options?: Abortable): Promise<LoadedModel>;
}
