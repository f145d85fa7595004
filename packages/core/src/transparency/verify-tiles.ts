import { merkleTree } from '../ledger/merkle-tree.js';
import { leafHash, sameHash } from '../verifier/merkle-hash.js';
import type { TreeHead } from '../verifier/tlog-checkpoint.js';
import { type VerifyHeadOptions, verifyTreeHead } from '../verifier/tree-head.js';
import { decodeBundle } from './entry-bundle.js';
import { type TileFile, tileColumns } from './tile-columns.js';
import { CHECKPOINT_PATH, TILE_WIDTH, tilePath } from './tile-path.js';

/** Gives the bytes of a file of the layout; undefined when there is none. The library makes the paths. */
export type ReadTile = (path: string) => Promise<Uint8Array | undefined>;

/** The head that a log in tiles leads to, or the first file that is wrong. */
export type TilesReport =
  | { readonly ok: true; readonly head: TreeHead; readonly signers: readonly string[] }
  /** `path`: the first file that is wrong or missing. */
  | { readonly ok: false; readonly path: string; readonly reason: string };

/**
 * Checks a log in the layout of C2SP tlog-tiles, offline: who signed its head, every entry, every tile. Logs of others are
 * checked as well; what an entry says is not looked at.
 */
export async function verifyTiles(read: ReadTile, options: VerifyHeadOptions): Promise<TilesReport> {
  const signed = await readHead(read, options);
  if (!signed.ok) return signed;
  const { head } = signed;
  const tree = merkleTree();
  const columns = tileColumns();
  for (let start = 0; start < head.size; start += TILE_WIDTH) {
    const [index, width] = [start / TILE_WIDTH, Math.min(TILE_WIDTH, head.size - start)];
    const entries = await readBundle(read, index, width);
    if (entries === undefined) return bad(tilePath('entries', index, width), 'it is missing or damaged');
    for (const hash of entries.map(leafHash)) {
      tree.append(hash);
      for (const tile of columns.push(hash)) if (!(await isStored(read, tile))) return notOfEntries(tile);
    }
  }
  for (const tile of columns.rest()) if (!(await isStored(read, tile))) return notOfEntries(tile);
  if (!sameHash(tree.root(), head.root)) return bad(CHECKPOINT_PATH, 'the entries have another root');
  return signed;
}

/** The signed head, checked. */
async function readHead(read: ReadTile, options: VerifyHeadOptions): Promise<TilesReport> {
  const bytes = await read(CHECKPOINT_PATH);
  if (bytes === undefined) return bad(CHECKPOINT_PATH, 'it is missing');
  const verdict = await verifyTreeHead(new TextDecoder().decode(bytes), options);
  return verdict.ok ? verdict : bad(CHECKPOINT_PATH, verdict.reason);
}

/** All entries of a log of this size in order, not checked. Undefined where a bundle is missing or damaged. */
export async function* readEntries(read: ReadTile, size: number): AsyncGenerator<Uint8Array | undefined> {
  for (let start = 0; start < size; start += TILE_WIDTH) {
    const entries = await readBundle(read, start / TILE_WIDTH, Math.min(TILE_WIDTH, size - start));
    yield* entries ?? [undefined];
  }
}

/** A partial bundle may have been deleted when the full one came. */
async function readBundle(read: ReadTile, index: number, width: number): Promise<readonly Uint8Array[] | undefined> {
  const exact = await read(tilePath('entries', index, width));
  const bytes = exact ?? (width < TILE_WIDTH ? await read(tilePath('entries', index)) : undefined);
  const entries = bytes && decodeBundle(bytes);
  if (entries === undefined || entries.length < width) return undefined;
  return exact !== undefined && entries.length !== width ? undefined : entries.slice(0, width);
}

async function isStored(read: ReadTile, { path, bytes }: TileFile): Promise<boolean> {
  const stored = (await read(path)) ?? (await read(path.replace(/\.p\/\d+$/, '')))?.subarray(0, bytes.byteLength);
  return stored !== undefined && sameHash(stored, bytes);
}

function notOfEntries({ path }: TileFile): TilesReport {
  return bad(path, 'it is missing, or not what the entries hash to');
}

function bad(path: string, reason: string): TilesReport {
  return { ok: false, path, reason };
}
