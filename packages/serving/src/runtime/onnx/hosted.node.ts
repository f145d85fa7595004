import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillwrightError } from '@millwright/core';
import type { HostKind } from './host-link.node.js';
import type { LoadRequest } from './host-source.node.js';
import { explainImport, type OrtModule, type OrtSession, type OrtTensor } from './ort.js';
import { newSeat, type Seat, type Standby, type Start, standby } from './standby.node.js';

/**
 * onnxruntime-node in `count` workers or child processes, with onnxruntime's own face: a session is created in each, a
 * run goes to an idle one. A host that dies fails its run with `serving/engine-crashed`, and another takes its place: the
 * process that stands by (`keep` says whether one does), or a new one.
 */
export function hostedOrt(kind: HostKind, count: number, options: HostOptions = {}): OrtModule {
  const { ort = ortPath(), loadMs } = options;
  return {
    env: {},
    Tensor: PlainTensor,
    InferenceSession: {
      create(model, session: SessionOptions = {}) {
        const { externalData: sideFiles = [], ...own } = session;
        return openPool({ kind, ort }, count, loadMs, { kind: 'load', model, sideFiles, options: own });
      },
    },
  };
}

interface SessionOptions {
  readonly externalData?: LoadRequest['sideFiles'];
}

export interface HostOptions {
  /** Path of the module to load. Default `onnxruntime-node`. */
  readonly ort?: string | undefined;
  /** Milliseconds within which a session must be there. Default: as long as it takes. */
  readonly loadMs?: number | undefined;
}

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

async function openPool(
  start: Start,
  count: number,
  loadMs: number | undefined,
  load: LoadRequest,
): Promise<OrtSession> {
  const spares = standby(start, load);
  const seats = Array.from({ length: count }, () => newSeat(start, load));
  const opened = await Promise.allSettled(
    seats.map(({ link, loaded }) => within(loadMs, loaded, () => link.abandon())),
  );
  const failed = opened.find((o) => o.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(seats.map(({ link }) => link.end()));
    throw failed.reason;
  }
  const hosts = seats.map((seat) => hostAt(seat, spares));
  // The engine starts no more runs than there are hosts, so one is idle unless it is being started again.
  const idlest = () => hosts.reduce((best, other) => (other.pending < best.pending ? other : best));
  const [first] = opened.flatMap((o) => (o.status === 'fulfilled' && o.value.kind === 'loaded' ? [o.value] : []));
  return {
    outputMetadata: first?.outputMetadata ?? [],
    run: async (feeds) => idlest().run(feeds, []),
    runTransferred: async (feeds) => idlest().run(feeds, wholeBuffers(feeds)),
    async keep(workers, spare) {
      await Promise.all([spares.fill(spare), ...hosts.splice(workers).map((host) => host.close())]);
    },
    async release() {
      await Promise.all([spares.close(), ...hosts.map((host) => host.close())]);
    },
  };
}

interface Host {
  readonly pending: number;
  run(feeds: Feeds, moved: readonly ArrayBuffer[]): Promise<Feeds>;
  close(): Promise<void>;
}

/** The memory of the feeds, but not where a feed is a part of something else. */
function wholeBuffers(feeds: Feeds): readonly ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  for (const { data } of Object.values(feeds))
    if (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength)
      found.add(data.buffer);
  return [...found];
}

/** Runs in the host of a seat, and in the one that takes over when that one ends. */
function hostAt(first: Seat, spares: Standby): Host {
  let seat = first;
  let pending = 0;
  let closing = false;
  let replaced = 0;

  function watch(): void {
    const { link } = seat;
    void link.ended.then(() => {
      // At once, so that the next run finds it warm; one that dies again and again only when somebody asks.
      if (seat.link === link && !closing && replaced < MAX_REPLACED) replace();
    });
  }

  function replace(): void {
    replaced++;
    seat = spares.take();
    watch();
  }

  async function run(feeds: Feeds, moved: readonly ArrayBuffer[]): Promise<Feeds> {
    if (!seat.link.alive && !closing) replace();
    const { link, loaded } = seat;
    await loaded;
    const reply = await link.ask({ kind: 'run', feeds }, moved);
    if (replaced > 0) {
      replaced = 0;
      // Not before: a model that ends every process would have one more to end.
      void spares.fill();
    }
    return reply.kind === 'ran' ? reply.outputs : {};
  }

  watch();
  return {
    get pending() {
      return pending;
    },
    async run(feeds, moved) {
      pending++;
      try {
        return await run(feeds, moved);
      } finally {
        pending--;
      }
    },
    async close() {
      closing = true;
      await seat.link.end();
    },
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

const MAX_REPLACED = 5;

function ortPath(): string {
  try {
    return createRequire(import.meta.url).resolve('onnxruntime-node');
  } catch (cause) {
    return explainImport('onnxruntime-node', cause);
  }
}
