import {
  type ErrorCode,
  type ErrorDetails,
  isMillwrightError,
  MillwrightError,
  type RequestContext,
} from '@millwright/core';
import type { EngineFacts } from '../engine/index.js';
import type { DownloadProgress } from './download.js';
import type { OpenModelOptions } from './open-model.js';

/** What of `openModel`'s options can be sent to a worker. */
export type WorkerModelOptions = Pick<
  OpenModelOptions<unknown, unknown>,
  | 'prefer'
  | 'require'
  | 'wasmPaths'
  | 'wasmThreads'
  | 'trusted'
  | 'deadlineMs'
  | 'maxBatch'
  | 'maxBytes'
  | 'retries'
  | 'verifyWith'
>;

export type WorkerRequest =
  | { readonly kind: 'open'; readonly url: string; readonly options: WorkerModelOptions }
  | { readonly kind: 'predict'; readonly input: unknown; readonly context: Omit<RequestContext, 'signal'> }
  | { readonly kind: 'goBack' }
  | { readonly kind: 'close' };

export interface OpenedModel {
  readonly id: string;
  readonly facts: EngineFacts;
}

export type FromPage = { readonly id: number; readonly request: WorkerRequest };

export type FromWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'progress'; readonly progress: DownloadProgress }
  /** The GPU is gone, and with it everything that this worker could do: a new worker gets a new one. */
  | { readonly kind: 'deviceLost'; readonly reason: string };

/** An error on its way between threads: structured cloning would lose code and details. */
export interface SentError {
  readonly code: string | undefined;
  readonly message: string;
  readonly details: unknown;
}

export function sentError(error: unknown): SentError {
  if (isMillwrightError(error)) return { code: error.code, message: error.message, details: error.details };
  return { code: undefined, message: error instanceof Error ? error.message : String(error), details: undefined };
}

export function receivedError({ code, message, details }: SentError): Error {
  if (code === undefined) return new MillwrightError('serving/model-failed', message, { details: { model: 'worker' } });
  return new MillwrightError(code as ErrorCode, message, { details: details as ErrorDetails[ErrorCode] });
}
