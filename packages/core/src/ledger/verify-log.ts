import type { Abortable } from '../foundation/abort.js';
import { isMillwrightError } from '../foundation/errors.js';
import type { LogStore } from '../storage/types.js';
import { acceptCommit, type ChainPosition, startOfChain } from './chain.js';
import { type MerkleTree, merkleTree } from './merkle-tree.js';
import type { LedgerHead, VerifyOptions, VerifyReport } from './types.js';

/** What was seen of the log before, and what hears how far verifying has come. */
export interface VerifyLogOptions extends Abortable {
  /** Leaves seen earlier: a history that was rewritten as a whole is found out by them. */
  readonly known?: MerkleTree | undefined;
  /** A head seen earlier, which the log must still lead to. */
  readonly atLeast?: LedgerHead | undefined;
  readonly onProgress?: VerifyOptions['onProgress'];
}

/**
 * Reads every byte of a log, recomputes every hash and says where the first damage is. Needs no ledger, so it also
 * examines one that cannot be opened. Without leaves seen earlier, a log that was rewritten as a whole is a valid log:
 * compare the head with one that was noted elsewhere.
 */
export async function verifyLog(log: LogStore, options: VerifyLogOptions = {}): Promise<VerifyReport> {
  const { known, atLeast, onProgress, signal } = options;
  const tree = merkleTree();
  let position: ChainPosition = startOfChain();
  let events = 0;
  const report = (firstBad?: VerifyReport['firstBad']): VerifyReport => {
    const { seq, size, root, time } = position;
    return { ok: firstBad === undefined, head: { seq, size, root, time }, commits: seq, events, firstBad };
  };
  const knownLeaf =
    known === undefined ? undefined : (i: number) => (i >= known.start && i < known.size ? known.leaf(i) : undefined);

  try {
    for await (const stored of log.read({ from: 1 }, { signal })) {
      const before = position;
      const accepted = acceptCommit(position, tree, stored, knownLeaf);
      for (let i = before.size; knownLeaf !== undefined && i < accepted.position.size; i++) {
        const leaf = knownLeaf(i);
        if (leaf !== undefined && !same(leaf, tree.leaf(i)))
          return report({ seq: stored.seq, index: i, reason: 'it is not what this ledger read before' });
      }
      position = accepted.position;
      events += accepted.events.length;
      if (position.seq === atLeast?.seq && position.root !== atLeast.root)
        return report({ seq: position.seq, reason: 'the history up to here is not the one that was read before' });
      onProgress?.({ done: position.seq, total: Math.max(position.seq, atLeast?.seq ?? 0), unit: 'commits' });
    }
  } catch (error) {
    if (!isMillwrightError(error, 'ledger/corrupt')) throw error;
    return report(error.details);
  }
  if (position.seq < (atLeast?.seq ?? 0))
    return report({ seq: position.seq + 1, reason: 'it is no longer in the log' });
  return report();
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
