import type { Closable, RequestContext } from '@millwright/core';
import type { LatencySummary } from '@millwright/core/telemetry';
import type { LoadFacts } from '../runtime/types.js';
import type { TensorMap } from '../tensor/index.js';
import type { Shape } from './batcher.js';
import type { Queued } from './lane.js';

/** Between a request's values and a model's tensors. Both directions see whole batches. */
export interface Codec<I, O> {
  /** One tensor per model input, `rows.length` rows along the first dimension, in memory that is new. */
  encode(rows: readonly I[]): TensorMap;
  /** One output per row, in order. */
  decode(outputs: TensorMap, rows: number): readonly O[];
  /** Nobody keeps what `encode` returns, not even a part of it: a worker may take it over, others get a copy. Default false. */
  readonly transferable?: boolean | undefined;
  /** For requests of several rows. Without it a request is a row. */
  readonly many?: ManyRows<I, O> | undefined;
  /**
   * For models with other free dimensions than the batch: rows of different shapes never share a run. `encode` pads a
   * row to the shape that this names; `paddedLength` gives lengths that waste little.
   */
  shape?(input: I): Shape;
}

/** Requests of one or more rows, which count as what they are: batches are limited in rows, long requests are split. */
export interface ManyRows<I, O> {
  rows(input: I): number;
  slice(input: I, start: number, end: number): I;
  /** The answer for rows `start` to `end` of a run. */
  decode(outputs: TensorMap, start: number, end: number): O;
  /** The answers of a request's parts, in order, as one. */
  join(outputs: readonly O[]): O;
}

/** One request on its way through an engine. Exactly one of `succeed` and `fail` is called, synchronously, at most once. */
export interface Task<I, O> extends Queued {
  readonly input: I;
  readonly context: RequestContext;
  /** `at`: the time of the monotonic clock, where whoever calls has just read it. */
  succeed(output: O, batch: number, at?: number): void;
  fail(error: unknown): void;
}

/** How a model was loaded, and how it is batched. */
export interface EngineFacts extends LoadFacts {
  /** Batch sizes that were run before the first request. */
  readonly warm: readonly number[];
  /** Rows per run. 1 when the model has no batch dimension or its rows influence each other. */
  readonly maxBatch: number;
  /** Why `maxBatch` is not what was asked for. */
  readonly maxBatchReason?: string | undefined;
}

/** What an engine has done since it was started. */
export interface EngineStats {
  readonly runs: number;
  /** Rows answered; `rows / runs` is the mean batch. */
  readonly rows: number;
  /** Milliseconds per run, whatever its size. The rest of a request's latency is waiting. */
  readonly runMs: LatencySummary;
  /** Rows that wait. */
  readonly queued: number;
}

/** What runs an arm: a model with its batcher, wherever it is placed. */
export interface Engine<I, O> extends Closable {
  readonly facts: EngineFacts;
  /** Tasks that were taken and have not ended. */
  readonly inFlight: number;
  /** Takes the task, or fails it at once with `serving/overloaded` or `state/closed`. `at` as in `Task.succeed`. */
  submit(task: Task<I, O>, at?: number): void;
  stats(): EngineStats;
  /** Resolves when nothing is in flight. `close` does this first. */
  idle(): Promise<void>;
}
