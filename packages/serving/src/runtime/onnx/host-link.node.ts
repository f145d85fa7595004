import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { MillwrightError } from '@millwright/core';
import { HOST_SOURCE, type HostReply, type HostRequest, WEIGHTS_FD } from './host-source.node.js';

/** Where a session lives besides this thread. Only a process can be killed, and only a process survives native code that aborts. */
export type HostKind = 'worker' | 'process';

/** A worker or process that has been started, and what is asked of it. */
export interface Link {
  /** False once it has ended, or has been given up. */
  readonly alive: boolean;
  /** Resolves then. */
  readonly ended: Promise<void>;
  /**
   * @param moved memory that a worker takes over; a process gets a copy
   * @throws `serving/engine-crashed` when it ends before it answers, `serving/model-failed` for what it says itself
   */
  ask(request: HostRequest, moved?: readonly ArrayBuffer[]): Promise<HostReply>;
  /** Kills a process; a worker is left alone. */
  abandon(): void;
  /** Lets it finish, release its session and end; a process that takes too long is killed. */
  end(): Promise<void>;
}

export function openLink(kind: HostKind, ort: string): Link {
  const waiting = new Map<number, { resolve(reply: HostReply): void; reject(error: unknown): void }>();
  let nextId = 0;
  let alive = true;
  let resolveEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
  });
  const transport = kind === 'worker' ? workerTransport(ort) : processTransport(ort);

  transport.onReply(({ id, reply, error }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) transport.unref();
    if (error === undefined) asked?.resolve(reply!);
    else if (kind === 'process' && DEVICE_LOST.test(error)) {
      asked?.reject(crashed(kind, error));
      abandon();
    } else asked?.reject(new MillwrightError('serving/model-failed', error, { details: { model: kind } }));
  });
  function gone(): void {
    if (!alive) return;
    alive = false;
    for (const { reject } of waiting.values()) reject(crashed(kind));
    waiting.clear();
    resolveEnded();
  }
  function abandon(): void {
    transport.abandon();
    // At once, so that nothing more is sent to who is about to end.
    gone();
  }
  transport.onExit(gone);

  return {
    get alive() {
      return alive;
    },
    ended,
    abandon,
    ask: (request, moved) =>
      new Promise((resolve, reject) => {
        if (!alive) return reject(crashed(kind));
        const id = nextId++;
        if (waiting.size === 0) transport.ref();
        waiting.set(id, { resolve, reject });
        transport.send({ id, request }, moved);
      }),
    async end() {
      if (!alive) return;
      transport.ref();
      transport.send({ id: nextId++, request: { kind: 'close' } });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), END_MS);
      });
      if ((await Promise.race([ended, late])) === 'late') abandon();
      clearTimeout(timer);
    },
  };
}

/** How long a host may take to end by itself. A worker must never be terminated inside native code: that aborts the whole process. */
const END_MS = 5_000;

/** What providers say when the GPU under them is gone. No session of that process will work again. */
const DEVICE_LOST =
  /device (?:is|was|has been)? ?(?:lost|removed|destroyed)|device_lost|DXGI_ERROR_DEVICE|CUDA_ERROR_(?:ILLEGAL_ADDRESS|LAUNCH_FAILED)|an illegal memory access/i;

interface Transport {
  send(message: { readonly id: number; readonly request: HostRequest }, moved?: readonly ArrayBuffer[]): void;
  onReply(
    listener: (message: { readonly id: number; readonly reply?: HostReply; readonly error?: string }) => void,
  ): void;
  onExit(listener: () => void): void;
  /** An idle host does not keep the program running. */
  ref(): void;
  unref(): void;
  abandon(): void;
}

function workerTransport(ort: string): Transport {
  const worker = new Worker(HOST_SOURCE, { eval: true, workerData: ort, stderr: false });
  worker.unref();
  return {
    send: (message, moved = []) => worker.postMessage(message, moved),
    onReply: (listener) => void worker.on('message', listener),
    onExit(listener) {
      worker.on('error', listener);
      worker.on('exit', listener);
    },
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    abandon: () => worker.unref(),
  };
}

function processTransport(ort: string): Transport {
  const child: ChildProcess = spawn(process.execPath, ['-e', HOST_SOURCE, ort], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'],
    serialization: 'advanced',
  });
  const weights = child.stdio[WEIGHTS_FD] as Duplex & { unref(): void };
  weights.on('error', () => undefined);
  weights.unref();
  child.unref();
  child.channel?.unref();
  return {
    send({ id, request }) {
      const { said, files } = withoutFiles(request);
      child.send({ id, request: said }, () => undefined);
      for (const bytes of files) weights.write(bytes);
      if (files.length > 0) weights.end(() => weights.destroy());
    },
    onReply: (listener) => void child.on('message', listener as (message: unknown) => void),
    onExit(listener) {
      child.on('error', listener);
      child.on('exit', listener);
    },
    ref() {
      child.ref();
      child.channel?.ref();
    },
    unref() {
      child.unref();
      child.channel?.unref();
    },
    abandon: () => void child.kill('SIGKILL'),
  };
}

/** The message of a load without the bytes: serialising 100 MB would hold this thread up for a tenth of a second. */
function withoutFiles(request: HostRequest): { readonly said: HostRequest; readonly files: readonly Uint8Array[] } {
  if (request.kind !== 'load') return { said: request, files: [] };
  const { model, sideFiles, ...more } = request;
  const files = [model, ...sideFiles.map(({ data }) => data)];
  const sizes = files.map(({ byteLength }) => byteLength);
  const named = sideFiles.map(({ path }) => ({ path, data: NOTHING }));
  return { said: { ...more, model: NOTHING, sideFiles: named, sizes }, files };
}

const NOTHING = new Uint8Array(0);

function crashed(kind: HostKind, reason?: string): MillwrightError<'serving/engine-crashed'> {
  const why = reason === undefined ? 'ended' : `lost its device (${reason})`;
  return new MillwrightError('serving/engine-crashed', `The ${kind} that ran the model ${why}; it is started again.`, {
    details: { engine: kind },
  });
}
