import { decodeUtf8 } from '../foundation/bytes.js';
import { type Clock, systemClock } from '../foundation/clock.js';
import { MillwrightError } from '../foundation/errors.js';
import { type Random, systemRandom } from '../foundation/random.js';
import { acceptCommit, type ChainPosition, sealCommit, startOfChain } from '../ledger/chain.js';
import { type CommitInfo, corrupt } from '../ledger/commit-codec.js';
import { land } from '../ledger/land.js';
import { merkleTree } from '../ledger/merkle-tree.js';
import type { LogStore, StoredCommit } from '../storage/types.js';
import type { TreeHead } from '../verifier/tlog-checkpoint.js';
import type { VerifyHeadOptions } from '../verifier/tree-head.js';
import { checkRoot } from './export-tiles.js';
import { type ReadTile, readEntries, verifyTiles } from './verify-tiles.js';

/** Whose log it must be, and what tells the time and draws ids here. */
export interface ImportTilesOptions extends VerifyHeadOptions {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/**
 * Writes the ledger that `exportTiles` exported into an empty log, with the same bytes, after everything was checked as by
 * `verifyTiles`: a backup, or a copy from somebody else, that is known to be what was signed.
 * @throws `ledger/corrupt` when it does not verify, `state/precondition` when the log is not empty, `ledger/commit-unknown`
 */
export async function importTiles(read: ReadTile, log: LogStore, options: ImportTilesOptions): Promise<TreeHead> {
  const { clock = systemClock, random = systemRandom } = options;
  const report = await verifyTiles(read, options);
  if (!report.ok) throw corrupt(0, `\`${report.path}\`: ${report.reason}`);
  const last = await log.head();
  if (last !== undefined) {
    throw new MillwrightError('state/precondition', `Expected an empty log, got one with ${last.seq} commits.`, {
      details: { what: 'log', expected: 'no commits', actual: `${last.seq} commits` },
    });
  }
  for await (const commit of commitsOf(read, report.head)) {
    const landing = await land(log, commit, { clock, random, maxAttempts: 100 });
    if (landing.kind === 'landed') continue;
    const { commitId, seq } = commit;
    throw new MillwrightError(
      'ledger/commit-unknown',
      `Commit ${seq} could not be written to the log, or it is not known whether it was. Begin again with an empty log.`,
      { details: { commitId, seq }, cause: landing },
    );
  }
  return report.head;
}

/**
 * The commits, rebuilt: frames follow from the leaves, and a commit ends where the time goes on, because times within one are
 * equal and between two never.
 */
async function* commitsOf(read: ReadTile, head: TreeHead): AsyncGenerator<StoredCommit> {
  const tree = merkleTree();
  let position: ChainPosition = startOfChain();
  let leaves: Uint8Array[] = [];
  let first: CommitInfo | undefined;
  const sealed = (info: CommitInfo): StoredCommit => {
    const commit = sealCommit(position, tree, leaves, info);
    position = acceptCommit(position, tree, commit).position;
    leaves = [];
    return commit;
  };
  let following = 0;
  for await (const entry of readEntries(read, head.size)) {
    const seq = position.seq + 1;
    if (entry === undefined) throw corrupt(seq, 'it changed while it was read');
    if (following > 0) following--;
    else {
      const info = infoOf(seq, entry);
      if (first !== undefined && first.time !== info.time) yield sealed(first);
      if (leaves.length === 0) first = info;
      following = info.count;
    }
    leaves.push(entry);
  }
  if (first !== undefined) yield sealed(first);
  checkRoot(head, position.size, tree.root());
}

/** Only what the grouping needs; everything else is checked when the commit is accepted. */
function infoOf(seq: number, entry: Uint8Array): CommitInfo {
  try {
    const info = JSON.parse(decodeUtf8(entry)) as CommitInfo;
    if (Number.isSafeInteger(info.count) && info.count > 0) return info;
  } catch (cause) {
    throw corrupt(seq, 'an entry is not JSON', { cause });
  }
  throw corrupt(seq, 'it is not the log of a ledger');
}
