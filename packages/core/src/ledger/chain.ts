import { toDigest } from '../foundation/digest.js';
import type { LedgerId } from '../foundation/ids.js';
import { defined } from '../foundation/options.js';
import type { StoredCommit } from '../storage/types.js';
import { emptyRoot, leafHash, sameHash } from '../verifier/merkle-hash.js';
import {
  type CommitInfo,
  checkOf,
  corrupt,
  decodeCommit,
  encodeCommit,
  encodeFrame,
  type Section,
} from './commit-codec.js';
import type { MerkleTree } from './merkle-tree.js';
import type { LedgerEvent, LedgerHead } from './types.js';

/** Where a reader of the ledger stands: after commit `seq`. */
export interface ChainPosition extends LedgerHead {
  /** Undefined before the first commit, which names the ledger. */
  readonly ledgerId: LedgerId | undefined;
}

export function startOfChain(): ChainPosition {
  return { seq: 0, size: 0, root: toDigest(emptyRoot()), time: Number.NEGATIVE_INFINITY, ledgerId: undefined };
}

/** A commit whose every byte has been checked against the commits before it. */
export interface AcceptedCommit {
  readonly position: ChainPosition;
  /** Exact bytes of each leaf. */
  readonly leaves: readonly Uint8Array[];
  readonly sections: readonly Section[];
  readonly events: readonly LedgerEvent[];
}

/**
 * Checks the next commit against the position and appends its leaves to the tree; the tree is unchanged when it throws.
 * @param known leaf hashes seen earlier, which tell the damaged leaf for certain
 * @throws `ledger/corrupt`
 */
export function acceptCommit(
  position: ChainPosition,
  tree: MerkleTree,
  stored: StoredCommit,
  known?: (index: number) => Uint8Array | undefined,
): AcceptedCommit {
  const seq = position.seq + 1;
  if (stored.seq !== seq) throw corrupt(seq, `the store answered with commit ${stored.seq}`);
  const { frame, leaves, sections } = decodeCommit(seq, stored.bytes, position.size);
  const { commitId, time, ledgerId } = sections[0]!.info;
  const hashes = leaves.map(leafHash);
  for (const hash of hashes) tree.append(hash);
  const next: ChainPosition = {
    seq,
    size: position.size + leaves.length,
    root: toDigest(tree.root()),
    time,
    ledgerId,
  };
  try {
    const expected = frameOf(position, next, hashes);
    if (frame !== expected) throw damagedFrame(seq, frame, expected, hashes, position.size, known);
    if (stored.commitId !== commitId)
      throw corrupt(seq, `the store calls it ${stored.commitId}, its first leaf ${commitId}`);
    if (!(time > position.time)) throw corrupt(seq, `its time ${time} is not after ${position.time}`);
    for (const { info } of sections) {
      if (info.ledgerId !== (position.ledgerId ?? ledgerId))
        throw corrupt(seq, `it belongs to ledger ${info.ledgerId}`);
      if (info.time !== time) throw corrupt(seq, 'its sections have different times');
    }
  } catch (error) {
    tree.truncate(position.size);
    throw error;
  }
  return { position: next, leaves, sections, events: eventsOf(seq, position.size, sections) };
}

/** The frame line that a commit from `before` to `after` must have. */
function frameOf(before: ChainPosition, after: ChainPosition, hashes: readonly Uint8Array[]): string {
  return encodeFrame({
    seq: after.seq,
    prevSize: before.size,
    prevRoot: before.root,
    size: after.size,
    root: after.root,
    check: hashes.map(checkOf),
  });
}

/** The commit with these leaves that follows the position. The tree is as before afterwards. */
export function sealCommit(
  position: ChainPosition,
  tree: MerkleTree,
  leaves: readonly Uint8Array[],
  { commitId, time, ledgerId }: Pick<CommitInfo, 'commitId' | 'time' | 'ledgerId'>,
): StoredCommit {
  const hashes = leaves.map(leafHash);
  for (const hash of hashes) tree.append(hash);
  const seq = position.seq + 1;
  const after: ChainPosition = { seq, size: tree.size, root: toDigest(tree.root()), time, ledgerId };
  tree.truncate(position.size);
  return { seq, commitId, bytes: encodeCommit(frameOf(position, after, hashes), leaves) };
}

/** The events of a commit as readers see them. */
export function eventsOf(seq: number, firstIndex: number, sections: readonly Section[]): LedgerEvent[] {
  const events: LedgerEvent[] = [];
  let index = firstIndex;
  for (const { info, events: written } of sections) {
    index++;
    const { commitId, time, actor } = info;
    for (const { type, data, version, critical } of written) {
      const event = { type, data, index: index++, seq, commitId, time, actor };
      // Spelled out: copying an unknown object takes longer than hashing its leaf.
      events.push(
        version === undefined && critical === undefined ? event : { ...event, ...defined({ version, critical }) },
      );
    }
  }
  return events;
}

/** The frame notes a few digits of each leaf hash, so that a reader who never saw the commit can name the leaf, too. */
function damagedFrame(
  seq: number,
  frame: string,
  expected: string,
  hashes: readonly Uint8Array[],
  firstIndex: number,
  known: (index: number) => Uint8Array | undefined = () => undefined,
) {
  const stored = parseFrame(frame);
  const noted = stored['root'] === parseFrame(expected)['root'] ? undefined : stored['check'];
  const damaged = hashes.findIndex((hash, i) => {
    const before = known(firstIndex + i);
    if (before !== undefined) return !sameHash(before, hash);
    return Array.isArray(noted) && noted.length === hashes.length && noted[i] !== checkOf(hash);
  });
  return damaged < 0
    ? corrupt(seq, 'its frame does not follow from its leaves and the commits before')
    : corrupt(seq, 'it is not what was written', { index: firstIndex + damaged });
}

function parseFrame(frame: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(frame);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
