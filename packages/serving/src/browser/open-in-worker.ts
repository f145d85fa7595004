import {
  type Abortable,
  abortable,
  type Clock,
  type Closable,
  closable,
  MillwrightError,
  type RequestContext,
  systemClock,
} from '@millwright/core';
import type { Row } from '../endpoint/index.js';
import type { EngineFacts } from '../engine/index.js';
import type { DownloadProgress } from './download.js';
import {
  type FromWorker,
  type OpenedModel,
  receivedError,
  type WorkerModelOptions,
  type WorkerRequest,
} from './worker-messages.js';

/** Which model the worker opens, and what the page hears of it. */
export interface OpenInWorkerOptions extends WorkerModelOptions, Abortable {
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** The worker was lost (its GPU went away, or it crashed) and another is being started. */
  readonly onRestart?: ((reason: string) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** A model open in a worker of this page. */
export interface WorkerModel<I, O> extends Closable {
  /** What runs it, what was refused and why; of the present worker. */
  readonly facts: EngineFacts;
  readonly id: string;
  predict(input: I, context?: RequestContext): Promise<O>;
  /** As `OpenModel.goBack`. */
  goBack(): Promise<void>;
}

/**
 * Opens a published model in a dedicated worker whose script calls `serveInWorker`. Download, digests, onnxruntime and its
 * compilations are there; the page's thread only sends messages. When the GPU goes away or the worker crashes, another
 * is started with the model from this device's store, and what was asked is asked again while its deadline allows.
 *
 * @param start makes the worker: `() => new Worker(new URL('./model-worker.js', import.meta.url), { type: 'module' })`
 * @throws what `openModel` throws, and `serving/engine-crashed` when workers keep being lost
 */
export async function openInWorker<I = Row, O = Row>(
  start: () => Worker,
  url: string | URL,
  options: OpenInWorkerOptions = {},
): Promise<WorkerModel<I, O>> {
  const { onProgress, onRestart, clock = systemClock, signal, ...rest } = options;
  const { deadlineMs = 10_000 } = rest;
  const open = { kind: 'open', url: new URL(url, location.href).href, options: rest } as const;
  let worker = connect();
  let restarts = 0;
  let closed = false;
  let opened = await first();

  function connect(): Connection {
    const connection = connectTo(start(), {
      progress: (progress) => onProgress?.(progress),
      lost: (reason) => {
        if (closed || connection !== worker || restarts++ >= MAX_RESTARTS) return;
        onRestart?.(reason);
        restart();
      },
    });
    return connection;
  }

  async function first(): Promise<OpenedModel> {
    const stop = () => worker.end(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', stop);
    try {
      return (await worker.ask(open)) as OpenedModel;
    } catch (error) {
      closed = true;
      worker.end(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  function restart(): void {
    worker = connect();
    worker.ready = worker.ask(open).then((again) => {
      opened = again as OpenedModel;
    });
    worker.ready.catch(() => undefined);
  }

  /** Asking twice is harmless: a model has no memory of what it was asked. */
  async function ask(request: WorkerRequest, until: number): Promise<unknown> {
    for (;;) {
      const asked = worker;
      try {
        await asked.ready;
        const answer = await asked.ask(request);
        restarts = 0;
        return answer;
      } catch (error) {
        if (closed || asked === worker || clock.now() >= until) throw error;
      }
    }
  }

  return {
    ...closable(async () => {
      closed = true;
      await worker.ask({ kind: 'close' }).catch(() => undefined);
      worker.end(new MillwrightError('state/closed', 'The model was closed.', { details: { what: 'model' } }));
    }),
    get id() {
      return opened.id;
    },
    get facts() {
      return opened.facts;
    },
    async predict(input, { signal: stop, ...context } = {}) {
      if (closed) throw new MillwrightError('state/closed', 'The model was closed.', { details: { what: 'model' } });
      stop?.throwIfAborted();
      const until = context.deadlineAt ?? clock.now() + deadlineMs;
      const answer = ask({ kind: 'predict', input, context }, until);
      return (await (stop === undefined ? answer : abortable(answer, stop))) as O;
    },
    async goBack() {
      opened = (await ask({ kind: 'goBack' }, 0)) as OpenedModel;
    },
  };
}

/** Workers that may be lost in a row, without an answer in between. */
const MAX_RESTARTS = 3;

interface Connection {
  /** Rejects when the model cannot be opened in this worker. */
  ready: Promise<void>;
  ask(request: WorkerRequest): Promise<unknown>;
  end(reason: unknown): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

function connectTo(
  worker: Worker,
  on: { readonly progress: (progress: DownloadProgress) => void; readonly lost: (reason: string) => void },
): Connection {
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let gone: unknown;

  function end(reason: unknown): void {
    if (gone !== undefined) return;
    gone = reason;
    worker.terminate();
    for (const { reject } of waiting.values()) queueMicrotask(() => reject(reason));
    waiting.clear();
  }

  function lost(reason: string): void {
    if (gone !== undefined) return;
    const message = `The worker that ran the model was lost: ${reason}`;
    end(new MillwrightError('serving/engine-crashed', message, { details: { engine: 'worker' } }));
    on.lost(reason);
  }

  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === 'progress') on.progress(data.progress);
    else if (data.kind === 'deviceLost') lost(data.reason);
    else settle(data);
  });
  worker.addEventListener('error', (event) => lost(event.message ?? 'its script failed'));

  function settle(data: Extract<FromWorker, { readonly id: number }>): void {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === 'answer') asked?.resolve(data.value);
    else asked?.reject(receivedError(data.error));
  }

  return {
    ready: Promise.resolve(),
    end,
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone);
        const id = nextId++;
        worker.postMessage({ id, request });
        waiting.set(id, { resolve, reject });
      }),
  };
}
