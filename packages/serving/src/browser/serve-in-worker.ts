import { MillwrightError } from '@millwright/core';
import { importOrt } from '#ort';
import { type OpenModel, type OpenModelOptions, openModel } from './open-model.js';
import { type FromPage, type FromWorker, sentError, type WorkerRequest } from './worker-messages.js';

/** The half of a dedicated worker's global scope that is used. */
export interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  close(): void;
}

/**
 * The whole of a worker script: opens the model that `openInWorker` in the page names, downloads and verifies it here,
 * and answers. The page's thread never runs onnxruntime.
 *
 * @example
 * // model-worker.ts
 * import { serveInWorker } from '@millwright/serving/browser';
 * serveInWorker(self);
 */
export function serveInWorker<I, O>(
  scope: WorkerScope,
  options: Pick<OpenModelOptions<I, O>, 'codec' | 'ort' | 'store' | 'fetch'> = {},
): void {
  let open: OpenModel<I, O> | undefined;
  const send = (message: FromWorker) => scope.postMessage(message);

  async function answer(request: WorkerRequest): Promise<unknown> {
    switch (request.kind) {
      case 'open': {
        open = await openModel<I, O>(request.url, {
          ...(request.options as OpenModelOptions<I, O>),
          ...options,
          onProgress: (progress) => send({ kind: 'progress', progress }),
        });
        if (open.facts.executionProvider === 'webgpu') void watchDevice();
        return { id: open.id, facts: open.facts };
      }
      case 'predict':
        return await opened().predict(request.input as I, request.context);
      case 'goBack':
        await opened().goBack();
        return { id: opened().id, facts: opened().facts };
      case 'close':
        await open?.close();
        return undefined;
      default:
        return request satisfies never;
    }
  }

  function opened(): OpenModel<I, O> {
    if (open !== undefined) return open;
    throw new MillwrightError('state/closed', 'No model is open in this worker.', { details: { what: 'model' } });
  }

  /** onnxruntime-web keeps failing once its device is lost, sessions made afterwards included. */
  async function watchDevice(): Promise<void> {
    const ort = options.ort ?? (await importOrt('webgpu'));
    const { webgpu } = ort.env as { readonly webgpu?: { readonly device?: Promise<LosableDevice> } };
    const lost = await (await webgpu?.device)?.lost;
    if (lost !== undefined) send({ kind: 'deviceLost', reason: lost.message });
  }

  scope.addEventListener('message', ({ data }: MessageEvent<FromPage>) => {
    const { id, request } = data;
    answer(request).then(
      (value) => {
        send({ kind: 'answer', id, value });
        if (request.kind === 'close') scope.close();
      },
      (error) => send({ kind: 'error', id, error: sentError(error) }),
    );
  });
}

interface LosableDevice {
  readonly lost: Promise<{ readonly message: string }>;
}
