import type { LedgerEvent, NewEvent, Projection } from '@millwright/core/ledger';
import { type LogStore, memoryLog, type StoredCommit } from '@millwright/core/storage';

export interface Tally {
  total: number;
  readonly seen: string[];
}

/** Counts `tally.raised` and remembers in which order. */
export const tally: Projection<Tally> = {
  id: 'tally@1',
  init: () => ({ total: 0, seen: [] }),
  apply(state, event) {
    if (event.type !== 'tally.raised') return state;
    const { by, label } = event.data;
    if (typeof by === 'number') state.total += by;
    if (typeof label === 'string') state.seen.push(label);
    return state;
  },
  snapshot: {
    encode: ({ total, seen }) => ({ total, seen: [...seen] }),
    decode(json) {
      const { total, seen } = json as { total: number; seen: string[] };
      return { total, seen: [...seen] };
    },
  },
};

export const raise = (label: string, by = 1): NewEvent => ({ type: 'tally.raised', data: { label, by } });

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

/** A log over fixed commits, to read damaged bytes from. */
export function frozenLog(commits: readonly StoredCommit[]): LogStore {
  return {
    id: 'frozen',
    capabilities: { durability: 'none', multiWriter: false, maxCommitBytes: 1_048_576 },
    async head() {
      const last = commits.at(-1);
      return last && { seq: last.seq, commitId: last.commitId };
    },
    async append() {
      return { kind: 'unknown', cause: 'frozen' };
    },
    async *read({ from, limit = Number.POSITIVE_INFINITY }) {
      yield* commits.slice(from - 1, from - 1 + limit);
    },
    async [Symbol.asyncDispose]() {},
  };
}

export const labels = (events: readonly LedgerEvent[]) => events.map((event) => event.data['label']);

/** A log whose appends wait, from `hold` until `release`. */
export function holdingLog() {
  const inner = memoryLog();
  let gate: Promise<void> | undefined;
  let onReached = () => {};
  const log: LogStore = {
    ...inner,
    append: async (commit) => {
      onReached();
      await gate;
      return inner.append(commit);
    },
  };
  const hold = () => {
    let release = () => {};
    const reached = new Promise<void>((resolve) => {
      onReached = resolve;
    });
    gate = new Promise((resolve) => {
      release = resolve;
    });
    return { reached, release: () => release() };
  };
  return { log, hold };
}
