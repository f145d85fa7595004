import type { Abortable } from '../foundation/abort.js';
import { type Digest, toDigest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { EventHub } from '../foundation/event-hub.js';
import type { LogStore, StoredCommit } from '../storage/types.js';
import { leafHash, sameHash } from '../verifier/merkle-hash.js';
import { type AcceptedCommit, acceptCommit, type ChainPosition, eventsOf, startOfChain } from './chain.js';
import { corrupt, type DecodedCommit, decodeCommit } from './commit-codec.js';
import { type Fold, foldOf } from './fold.js';
import { type IdempotencyWindow, idempotencyWindow } from './idempotency.js';
import { type MerkleTree, merkleTree } from './merkle-tree.js';
import { checkFeatures, type Protocol, raiseProtocol } from './protocol.js';
import type { EventLeaf, LedgerEvent, LedgerHubEvents } from './types.js';

/** The reading half of a ledger: follows the log, checks every commit once and folds it. */
export interface ChainReader {
  readonly position: ChainPosition;
  /** Begins at the checkpoint that the reader came from, until `loadHistory`. */
  readonly tree: MerkleTree;
  readonly keys: IdempotencyWindow;
  readonly protocol: Protocol;
  readonly knownFeatures: ReadonlySet<string>;
  /** The states that the world sees: everything durable, nothing else. */
  readonly settled: Fold;
  /** A second fold at the same place, for deciding ahead; undefined when there is none at hand. */
  tip: Fold | undefined;
  /** Checks and folds the next commit. `tipHasIt`: the tip has already folded it while it was decided. */
  accept(stored: StoredCommit, tipHasIt?: boolean): AcceptedCommit;
  /** Accepts what is in the log and not folded yet; the number of commits. */
  catchUp(options?: Abortable): Promise<number>;
  /** Goes on from a checkpoint instead of from the beginning. Only before anything was accepted. */
  resume(point: ResumePoint): void;
  /** Reads what lies before the checkpoint that the reader came from, checks it, and knows every leaf from then on. */
  loadHistory(options?: Abortable): Promise<void>;
  rootAt(size: number): Digest;
  /** Events from leaf `from` to the present position, checked against the tree. */
  read(from: number, options?: Abortable): AsyncGenerator<LedgerEvent, void, undefined>;
  /** One event's leaf and its commit info, checked against the tree. @throws `state/not-found` */
  leaf(index: number, options?: Abortable): Promise<EventLeaf>;
}

/** All that a reader knows at one place, except the states. */
export interface ResumePoint {
  readonly position: ChainPosition;
  readonly range: readonly Uint8Array[];
  readonly keys: IdempotencyWindow;
  readonly protocol: Protocol;
}

export function chainReader(
  log: LogStore,
  hub: EventHub<LedgerHubEvents>,
  knownFeatures: ReadonlySet<string>,
): ChainReader {
  let position = startOfChain();
  let tree = merkleTree();
  let keys = idempotencyWindow();
  let protocol: Protocol = { readerFeatures: [], writerFeatures: [] };
  const settled = foldOf((fault) => hub.emit('projectionFailed', fault));
  /** Leaves before each commit from `firstSeq` on, the first that the tree knows by itself. */
  let starts: number[] = [];
  let firstSeq = 1;

  const reader: ChainReader = {
    get position() {
      return position;
    },
    get tree() {
      return tree;
    },
    get keys() {
      return keys;
    },
    get protocol() {
      return protocol;
    },
    knownFeatures,
    settled,
    tip: undefined,
    accept(stored, tipHasIt = false) {
      const firstIndex = position.size;
      const accepted = acceptCommit(position, tree, stored);
      const raised = raiseProtocol(protocol, accepted.events);
      try {
        checkFeatures(raised.readerFeatures, knownFeatures, 'read');
      } catch (error) {
        tree.truncate(firstIndex);
        throw error;
      }
      protocol = raised;
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
    resume(point) {
      position = point.position;
      firstSeq = position.seq + 1;
      tree = merkleTree({ size: position.size, hashes: point.range });
      keys = point.keys;
      protocol = point.protocol;
    },
    async loadHistory(options) {
      if (tree.start === 0) return;
      let at = startOfChain();
      const whole = merkleTree();
      const allStarts: number[] = [];
      // The reader may go on while this reads; it is done when it has caught up with it.
      while (at.seq < position.seq) {
        const limit = position.seq - at.seq;
        const reached = at.seq + limit;
        for await (const stored of log.read({ from: at.seq + 1, limit }, options)) {
          allStarts.push(at.size);
          at = acceptCommit(at, whole, stored).position;
        }
        if (at.seq !== reached) throw corrupt(at.seq + 1, 'it is no longer in the log');
      }
      if (at.root !== position.root) throw corrupt(at.seq, 'the history before the checkpoint does not lead to it');
      tree = whole;
      starts = allStarts;
      firstSeq = 1;
    },
    rootAt: (size) => toDigest(tree.root(size)),
    async *read(from, options) {
      if (from >= position.size) return;
      if (from < tree.start) await reader.loadHistory(options);
      const { seq: last } = position;
      const seq = commitOf(starts, firstSeq, from);
      let next = seq;
      for await (const stored of log.read({ from: seq, limit: last - seq + 1 }, options)) {
        if (stored.seq !== next) throw corrupt(next, `the store answered with commit ${stored.seq}`);
        const firstIndex = starts[next - firstSeq]!;
        const { sections } = checkedCommit(tree, stored, firstIndex);
        for (const event of eventsOf(next, firstIndex, sections)) if (event.index >= from) yield event;
        next++;
      }
      if (next !== last + 1) throw corrupt(next, 'it is no longer in the log');
    },
    async leaf(index, options) {
      if (index >= position.size) throw noEvent(index);
      if (index < tree.start) await reader.loadHistory(options);
      const seq = commitOf(starts, firstSeq, index);
      for await (const stored of log.read({ from: seq, limit: 1 }, options)) {
        if (stored.seq !== seq) throw corrupt(seq, `the store answered with commit ${stored.seq}`);
        const firstIndex = starts[seq - firstSeq]!;
        return eventLeaf(checkedCommit(tree, stored, firstIndex), firstIndex, index);
      }
      throw corrupt(seq, 'it is no longer in the log');
    },
  };
  return reader;
}

/** A commit that was accepted earlier, if its leaves are still the same. */
function checkedCommit(tree: MerkleTree, stored: StoredCommit, firstIndex: number): DecodedCommit {
  const decoded = decodeCommit(stored.seq, stored.bytes, firstIndex);
  decoded.leaves.forEach((leaf, i) => {
    const index = firstIndex + i;
    if (index >= tree.size || !sameHash(tree.leaf(index), leafHash(leaf)))
      throw corrupt(stored.seq, 'it is not what was written', { index });
  });
  return decoded;
}

function eventLeaf({ leaves, sections }: DecodedCommit, firstIndex: number, index: number): EventLeaf {
  let at = firstIndex;
  for (const { info } of sections) {
    if (at < index && index <= at + info.count)
      return { bytes: leaves[index - firstIndex]!, info: { index: at, bytes: leaves[at - firstIndex]! } };
    at += 1 + info.count;
  }
  throw noEvent(index);
}

function noEvent(index: number): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `Leaf ${index} of the ledger is no event.`, {
    details: { what: 'event', id: String(index) },
  });
}

/** The commit that holds a leaf: the last one that starts at or before it. */
function commitOf(starts: readonly number[], firstSeq: number, index: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= index) low = middle;
    else high = middle - 1;
  }
  return firstSeq + low;
}
