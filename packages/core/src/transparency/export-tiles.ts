import type { Abortable } from '../foundation/abort.js';
import { encodeUtf8 } from '../foundation/bytes.js';
import { toDigest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { acceptCommit, startOfChain } from '../ledger/chain.js';
import { merkleTree } from '../ledger/merkle-tree.js';
import type { LogStore } from '../storage/types.js';
import { leafHash, sameHash } from '../verifier/merkle-hash.js';
import { headOf, type TreeHead } from '../verifier/tlog-checkpoint.js';
import { encodeBundle } from './entry-bundle.js';
import { type TileFile, tileColumns } from './tile-columns.js';
import { CHECKPOINT_PATH, TILE_WIDTH, tilePath } from './tile-path.js';

/** Up to where a log is exported, and what is there already. */
export interface ExportTilesOptions extends Abortable {
  /** The signed head (`signHead`, `cosignHead`) up to which the log is exported. */
  readonly checkpoint: string;
  /** The size of an earlier export: tiles and bundles that were full then are left out. Default 0. */
  readonly after?: number | undefined;
}

/**
 * The log as static files in the layout of C2SP tlog-tiles: entry bundles, tiles of the Merkle tree, and the checkpoint as
 * the last. Every byte of the log is checked on the way. Write them wherever files are served from, in this order.
 * @throws `input/invalid`, `ledger/corrupt`, `ledger/forked` when the log does not lead to the checkpoint
 * @example
 * for await (const { path, bytes } of exportTiles(log, { checkpoint })) await bucket.put(path, bytes);
 */
export async function* exportTiles(log: LogStore, options: ExportTilesOptions): AsyncGenerator<TileFile> {
  const { checkpoint, after = 0, signal } = options;
  const head = headOf(checkpoint);
  const columns = tileColumns();
  const tree = merkleTree();
  let position = startOfChain();
  let entries: Uint8Array[] = [];
  let count = 0;
  // What has an end at or before `after` was full then.
  const wasFull = (path: string, size: number) => size <= after && !path.includes('.p/');
  reading: for await (const stored of log.read({ from: 1 }, { signal })) {
    const { leaves, position: next } = acceptCommit(position, tree, stored);
    position = next;
    for (const leaf of leaves) {
      if (count === head.size) break reading;
      count++;
      const full = columns.push(leafHash(leaf));
      entries.push(leaf);
      if (entries.length === TILE_WIDTH) {
        const path = tilePath('entries', count / TILE_WIDTH - 1);
        if (!wasFull(path, count)) yield { path, bytes: encodeBundle(entries) };
        entries = [];
      }
      for (const file of full) if (!wasFull(file.path, count)) yield file;
    }
  }
  checkRoot(head, count, count < head.size ? undefined : tree.root(count));
  const index = Math.floor(count / TILE_WIDTH);
  if (entries.length > 0) yield { path: tilePath('entries', index, entries.length), bytes: encodeBundle(entries) };
  yield* columns.rest();
  yield { path: CHECKPOINT_PATH, bytes: encodeUtf8(checkpoint) };
}

/** @throws `ledger/forked` when the log's root at the head's size is another, or the log is shorter */
export function checkRoot(head: TreeHead, size: number, root: Uint8Array | undefined): void {
  if (root !== undefined && sameHash(root, head.root)) return;
  const expectedRoot = toDigest(head.root);
  const actualRoot = root === undefined ? `none, it has ${size} leaves only` : toDigest(root);
  throw new MillwrightError(
    'ledger/forked',
    `The signed head says ${head.size} leaves with root ${expectedRoot}; the log has ${actualRoot}.`,
    { details: { expectedRoot, actualRoot, size: head.size } },
  );
}
