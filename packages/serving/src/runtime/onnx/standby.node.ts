import { type HostKind, type Link, openLink } from './host-link.node.js';
import type { HostReply, LoadRequest } from './host-source.node.js';

/** What a process that stands by has: onnxruntime, or a session too. */
export type Spare = 'started' | 'loaded';

/** How hosts are started. */
export interface Start {
  readonly kind: HostKind;
  /** Path of onnxruntime. */
  readonly ort: string;
}

/** A host, and its session that may still be loading. */
export interface Seat {
  readonly link: Link;
  readonly loaded: Promise<HostReply>;
}

/** A host of its own, started now. */
export function newSeat({ kind, ort }: Start, load: LoadRequest): Seat {
  return loading(openLink(kind, ort), load);
}

/** At most one process that waits for another one to end. */
export interface Standby {
  /** The host that takes over: the one that waits if there is one, else one that is started now. */
  take(): Seat;
  /** Starts a process to wait, unless one does. Resolves when it is as ready as it is to be, or has failed. */
  fill(spare?: Spare): Promise<void>;
  close(): Promise<void>;
}

/** Nothing waits before the first `fill`, and no worker ever does: it ends with this process or not at all. */
export function standby(start: Start, load: LoadRequest): Standby {
  let wanted: Spare | undefined;
  let waiting: { readonly link: Link; readonly seat: Seat | undefined } | undefined;
  let closed = false;
  /** Processes that ended while they waited, since one was taken. */
  let lost = 0;

  async function fill(spare = wanted): Promise<void> {
    wanted = spare;
    if (closed || wanted === undefined || waiting !== undefined || start.kind === 'worker') return;
    const link = openLink(start.kind, start.ort);
    const seat = wanted === 'loaded' ? loading(link, load) : undefined;
    const mine = { link, seat };
    waiting = mine;
    void link.ended.then(() => {
      if (waiting !== mine) return;
      waiting = undefined;
      if (lost++ < MAX_LOST) void fill();
    });
    await seat?.loaded.catch(() => undefined);
  }

  return {
    fill,
    take() {
      const found = waiting;
      waiting = undefined;
      lost = 0;
      if (found === undefined) return newSeat(start, load);
      return found.seat ?? loading(found.link, load);
    },
    async close() {
      closed = true;
      await waiting?.link.end();
    },
  };
}

/** Where none can wait, none is started for ever. */
const MAX_LOST = 3;

function loading(link: Link, load: LoadRequest): Seat {
  const loaded = link.ask(load);
  // One without a session is of no use to anybody, and another may get one.
  loaded.catch(() => link.end());
  return { link, loaded };
}
