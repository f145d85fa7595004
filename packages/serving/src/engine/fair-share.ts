/** Whom a request is for: everything with the same key has one part of the engine's time, `weight` parts large. */
export interface Share {
  readonly key: string;
  readonly weight: number;
}

/** A share and what it has had. */
export interface ShareState extends Share {
  /** Rows that wait. */
  rows: number;
  /** Engine milliseconds divided by weight. */
  spent: number;
}

/**
 * Start-time fair queueing (Goyal, Vin and Cheng 1996): whoever has had least time for its weight is next, so nobody
 * starves, however small the weight. Who comes back after a pause starts level with the others.
 */
export interface FairShares {
  stateOf(share: Share): ShareState;
  /** Rows that others may have served before `rows` more of this share are. */
  rowsBefore(share: ShareState, rows: number): number;
  charge(share: ShareState, ms: number): void;
}

export function fairShares(): FairShares {
  const states = new Map<string, ShareState>();
  /** What the share that was served last had spent before: where newcomers start. */
  let level = 0;

  function forgetIdle(): void {
    for (const [key, { rows, spent }] of states) if (rows === 0 && spent <= level) states.delete(key);
  }

  return {
    stateOf(share) {
      let state = states.get(share.key);
      if (state === undefined) {
        if (states.size >= FORGET_AT) forgetIdle();
        state = { key: share.key, weight: share.weight, rows: 0, spent: level };
        states.set(share.key, state);
      }
      if (state.rows === 0 && state.spent < level) state.spent = level;
      return state;
    },
    rowsBefore(share, rows) {
      if (states.size === 1) return 0;
      const perWeight = (share.rows + rows) / share.weight;
      let before = 0;
      for (const other of states.values())
        if (other !== share) before += Math.min(other.rows, Math.ceil(perWeight * other.weight));
      return before;
    },
    charge(share, ms) {
      if (share.spent > level) level = share.spent;
      share.spent += ms / share.weight;
    },
  };
}

const FORGET_AT = 1_024;
