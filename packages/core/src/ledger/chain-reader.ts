import type { Abortable } from '../foundation/abort.js';
import type { EventHub } from '../foundation/event-hub.js';
import type { LogStore, StoredCommit } from '../storage/types.js';
import { type AcceptedCommit, acceptCommit, type ChainPosition, eventsOf, startOfChain } from './chain.js';
import { corrupt, decodeCommit } from './commit-codec.js';
import { type Fold, foldOf } from './fold.js';
import { type IdempotencyWindow, idempotencyWindow } from './idempotency.js';
import { leafHash, sameHash } from './merkle-hash.js';
import { type MerkleTree, merkleTree } from './merkle-tree.js';
import type { LedgerEvent, LedgerHubEvents } from './types.js';

/** The reading half of a ledger: follows the log, checks every commit once and folds it. */
export interface ChainReader {
  readonly position: ChainPosition;
  readonly tree: MerkleTree;
  readonly keys: IdempotencyWindow;
  /** The states that the world sees: everything durable, nothing else. */
  readonly settled: Fold;
  /** A second fold at the same place, for deciding ahead; undefined when there is none at hand. */
  tip: Fold | undefined;
  /** Checks and folds the next commit. `tipHasIt`: the tip has already folded it while it was decided. */
  accept(stored: StoredCommit, tipHasIt?: boolean): AcceptedCommit;
  /** Accepts what is in the log and not folded yet; the number of commits. */
  catchUp(options?: Abortable): Promise<number>;
  /** Events from leaf `from` to the present position, checked against the tree. */
  read(from: number, options?: Abortable): AsyncGenerator<LedgerEvent, void, undefined>;
}

export function chainReader(log: LogStore, hub: EventHub<LedgerHubEvents>): ChainReader {
  let position = startOfChain();
  const tree = merkleTree();
  const keys = idempotencyWindow();
  const settled = foldOf((fault) => hub.emit('projectionFailed', fault));
  /** Leaves before each commit: `starts[seq - 1]`. */
  const starts: number[] = [];

  const reader: ChainReader = {
    get position() {
      return position;
    },
    tree,
    keys,
    settled,
    tip: undefined,
    accept(stored, tipHasIt = false) {
      const accepted = acceptCommit(position, tree, stored);
      const firstIndex = position.size;
      position = accepted.position;
      starts.push(firstIndex);
      keys.note(position.seq, firstIndex, accepted.sections);
      settled.apply(accepted.events);
      if (!tipHasIt) reader.tip?.apply(accepted.events);
      for (const event of accepted.events) hub.emit('committed', event);
      return accepted;
    },
    async catchUp(options) {
      const before = position.seq;
      for await (const stored of log.read({ from: position.seq + 1 }, options)) reader.accept(stored);
      return position.seq - before;
    },
    async *read(from, options) {
      const { seq: last, size } = position;
      if (from >= size) return;
      const seq = commitOf(starts, from);
      let next = seq;
      for await (const stored of log.read({ from: seq, limit: last - seq + 1 }, options)) {
        if (stored.seq !== next) throw corrupt(next, `the store answered with commit ${stored.seq}`);
        const firstIndex = starts[next - 1]!;
        for (const event of checkedEvents(tree, stored, firstIndex)) if (event.index >= from) yield event;
        next++;
      }
      if (next !== last + 1) throw corrupt(next, 'it is no longer in the log');
    },
  };
  return reader;
}

/** The events of a commit that was accepted earlier, if its leaves are still the same. */
function checkedEvents(tree: MerkleTree, stored: StoredCommit, firstIndex: number): LedgerEvent[] {
  const { leaves, sections } = decodeCommit(stored.seq, stored.bytes, firstIndex);
  leaves.forEach((leaf, i) => {
    const index = firstIndex + i;
    if (index >= tree.size || !sameHash(tree.leaf(index), leafHash(leaf)))
      throw corrupt(stored.seq, 'it is not what was written', { index });
  });
  return eventsOf(stored.seq, firstIndex, sections);
}

/** The commit that holds a leaf: the last one that starts at or before it. */
function commitOf(starts: readonly number[], index: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= index) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}
