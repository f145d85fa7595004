import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MillwrightError } from '@millwright/core';
import { HOST_SOURCE, type HostReply, type HostRequest } from './host-source.node.js';
import { explainImport, type OrtModule, type OrtSession, type OrtTensor } from './ort.js';

/** Where a session lives besides this thread. Only a process can be killed, and only a process survives native code that aborts. */
export type HostKind = 'worker' | 'process';

/**
 * onnxruntime-node in `count` workers or child processes, with onnxruntime's own face: a session is created in each, a
 * run goes to an idle one. A host that dies fails its run with `serving/engine-crashed` and is started again.
 */
export function hostedOrt(kind: HostKind, count: number, options: HostOptions = {}): OrtModule {
  const { ort = ortPath(), loadMs } = options;
  const start = { kind, ort, loadMs };
  return {
    env: {},
    Tensor: PlainTensor,
    InferenceSession: {
      create: (model, session) => openPool(start, count, { kind: 'load', model, options: session ?? {} }),
    },
  };
}

export interface HostOptions {
  /** Path of the module to load. Default `onnxruntime-node`. */
  readonly ort?: string | undefined;
  /** Milliseconds within which a session must be there. Default: as long as it takes. */
  readonly loadMs?: number | undefined;
}

interface Start {
  readonly kind: HostKind;
  readonly ort: string;
  readonly loadMs: number | undefined;
}

type LoadRequest = Extract<HostRequest, { readonly kind: 'load' }>;

class PlainTensor implements OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: OrtTensor['data'];
  constructor(type: string, data: OrtTensor['data'], dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = dims;
  }
}

type Feeds = Readonly<Record<string, OrtTensor>>;

async function openPool(start: Start, count: number, load: LoadRequest): Promise<OrtSession> {
  const opened = await Promise.allSettled(Array.from({ length: count }, () => openHost(start, load)));
  const hosts = opened.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
  const failed = opened.find((o) => o.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(hosts.map((host) => host.close()));
    throw failed.reason;
  }
  return {
    outputMetadata: hosts[0]!.outputMetadata ?? [],
    async run(feeds) {
      // The engine starts no more runs than there are hosts, so one is idle unless it is being started again.
      const host = hosts.reduce((best, other) => (other.pending < best.pending ? other : best));
      return await host.run(feeds);
    },
    async keep(workers) {
      await Promise.all(hosts.splice(workers).map((host) => host.close()));
    },
    async release() {
      await Promise.all(hosts.map((host) => host.close()));
    },
  };
}

interface Host {
  readonly pending: number;
  readonly outputMetadata: OrtSession['outputMetadata'];
  run(feeds: Feeds): Promise<Feeds>;
  close(): Promise<void>;
}

async function openHost({ kind, ort, loadMs }: Start, load: LoadRequest): Promise<Host> {
  let link: Link;
  let ready: Promise<HostReply>;
  let pending = 0;
  let alive = false;
  let closing = false;
  let restarts = 0;

  function start(): void {
    alive = true;
    link = openLink(kind, ort, () => {
      alive = false;
      // At once, so that the next run finds it warm; one that dies again and again only when somebody asks.
      if (!closing && restarts++ < MAX_RESTARTS) start();
    });
    ready = link.ask(load);
    ready.catch(() => undefined);
  }

  async function run(feeds: Feeds): Promise<Feeds> {
    if (!alive && !closing) start();
    await ready;
    const reply = await link.ask({ kind: 'run', feeds });
    restarts = 0;
    return reply.kind === 'ran' ? reply.outputs : {};
  }

  async function close(): Promise<void> {
    closing = true;
    await link.end();
  }

  start();
  const loaded = await within(loadMs, ready!, () => {
    closing = true;
    link.abandon();
  }).catch(async (error) => {
    await close();
    throw error;
  });
  return {
    outputMetadata: loaded.kind === 'loaded' ? loaded.outputMetadata : [],
    get pending() {
      return pending;
    },
    async run(feeds) {
      pending++;
      try {
        return await run(feeds);
      } finally {
        pending--;
      }
    },
    close,
  };
}

async function within<T>(ms: number | undefined, work: Promise<T>, giveUp: () => void): Promise<T> {
  if (ms === undefined) return await work;
  const stop = new AbortController();
  const late = sleep(ms, undefined, { signal: stop.signal }).then(() => {
    // A little later, because giving up makes `work` fail too, with a reason that says less.
    queueMicrotask(giveUp);
    throw new MillwrightError('serving/model-failed', `No session within ${ms} ms.`, { details: { model: 'load' } });
  });
  try {
    return await Promise.race([late, work]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}

const MAX_RESTARTS = 5;
/** How long a host may take to end by itself. A worker must never be terminated inside native code: that aborts the whole process. */
const END_MS = 5_000;

interface Link {
  ask(request: HostRequest): Promise<HostReply>;
  /** Kills a process; a worker is left alone. */
  abandon(): void;
  end(): Promise<void>;
}

/** What providers say when the GPU under them is gone. No session of that process will work again. */
const DEVICE_LOST =
  /device (?:is|was|has been)? ?(?:lost|removed|destroyed)|device_lost|DXGI_ERROR_DEVICE|CUDA_ERROR_(?:ILLEGAL_ADDRESS|LAUNCH_FAILED)|an illegal memory access/i;

function openLink(kind: HostKind, ort: string, onExit: () => void): Link {
  const waiting = new Map<number, { resolve(reply: HostReply): void; reject(error: unknown): void }>();
  let nextId = 0;
  let exited = false;
  let resolveExit = () => {};
  const exit = new Promise<void>((resolve) => {
    resolveExit = resolve;
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
    if (exited) return;
    exited = true;
    for (const { reject } of waiting.values()) reject(crashed(kind));
    waiting.clear();
    resolveExit();
    onExit();
  }
  function abandon(): void {
    transport.abandon();
    // At once, so that nothing more is sent to who is about to end.
    gone();
  }
  transport.onExit(gone);

  return {
    abandon,
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (exited) return reject(crashed(kind));
        const id = nextId++;
        if (waiting.size === 0) transport.ref();
        waiting.set(id, { resolve, reject });
        transport.send({ id, request });
      }),
    async end() {
      if (exited) return;
      transport.ref();
      transport.send({ id: nextId++, request: { kind: 'close' } });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), END_MS);
      });
      if ((await Promise.race([exit, late])) === 'late') abandon();
      clearTimeout(timer);
    },
  };
}

interface Transport {
  send(message: { readonly id: number; readonly request: HostRequest }): void;
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
    send: (message) => worker.postMessage(message),
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
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
  child.unref();
  child.channel?.unref();
  return {
    send: (message) => void child.send(message, () => undefined),
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

function ortPath(): string {
  try {
    return createRequire(import.meta.url).resolve('onnxruntime-node');
  } catch (cause) {
    return explainImport('onnxruntime-node', cause);
  }
}

function crashed(kind: HostKind, reason?: string): MillwrightError<'serving/engine-crashed'> {
  const why = reason === undefined ? 'ended' : `lost its device (${reason})`;
  return new MillwrightError('serving/engine-crashed', `The ${kind} that ran the model ${why}; it is started again.`, {
    details: { engine: kind },
  });
}
