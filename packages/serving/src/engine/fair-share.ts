/** Whom a request is for: everything with the same key has one part of the engine's time, `weight` parts large. */
export interface Share {
  readonly key: string;
  readonly weight: number;
}

/** A share and what it has had. */
export interface ShareState extends Share {
  /** Rows that wait; `FairShares.add` changes them. */
  rows: number;
  /** Engine milliseconds divided by weight. */
  spent: number;
}

/**
 * Start-time fair queueing (Goyal, Vin and Cheng 1996): whoever has had least time for its weight is next, so nobody
 * starves, however small the weight. Who comes back after a pause starts level with the others.
 */
export interface FairShares {
  /** Shares that are remembered: those that wait, and some thousand that may come back. */
  readonly size: number;
  stateOf(share: Share): ShareState;
  /** Rows of this share came; fewer than none: left. */
  add(share: ShareState, rows: number): void;
  /** Rows that others may have served before `rows` more of this share are. */
  rowsBefore(share: ShareState, rows: number): number;
  charge(share: ShareState, ms: number): void;
}

export function fairShares(): FairShares {
  const states = new Map<string, ShareState>();
  /** Only these can be ahead of anybody: callers may have a hundred thousand tenants. */
  const waiting = new Set<ShareState>();
  let forgetAt = REMEMBERED;
  /** What the share that was served last had spent before: where newcomers start. */
  let level = 0;

  /** Whoever has no row waiting is at most a run ahead of the others; that is forgiven once in a thousand newcomers. */
  function forgetIdle(): void {
    for (const [key, state] of states) if (!waiting.has(state)) states.delete(key);
    forgetAt = states.size + REMEMBERED;
  }

  return {
    get size() {
      return states.size;
    },
    stateOf(share) {
      let state = states.get(share.key);
      if (state === undefined) {
        if (states.size >= forgetAt) forgetIdle();
        state = { key: share.key, weight: share.weight, rows: 0, spent: level };
        states.set(share.key, state);
      }
      if (state.rows === 0 && state.spent < level) state.spent = level;
      return state;
    },
    add(share, rows) {
      share.rows += rows;
      if (share.rows > 0) waiting.add(share);
      else waiting.delete(share);
    },
    rowsBefore(share, rows) {
      const perWeight = (share.rows + rows) / share.weight;
      let before = 0;
      for (const other of waiting)
        if (other !== share) before += Math.min(other.rows, Math.ceil(perWeight * other.weight));
      return before;
    },
    charge(share, ms) {
      if (share.spent > level) level = share.spent;
      share.spent += ms / share.weight;
    },
  };
}

const REMEMBERED = 1_024;
