import { HASH_BYTES, nodeHash } from '../verifier/merkle-hash.js';
import { TILE_WIDTH, tilePath } from './tile-path.js';

/** A file of the layout. */
export interface TileFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * The hashes of a growing tree, tile by tile: give it one leaf hash after the other, and it hands out every tile as soon as
 * it is full, and what is left over in the end.
 */
export interface TileColumns {
  push(leafHash: Uint8Array): readonly TileFile[];
  /** The partial tiles of the tree as it is now. */
  rest(): readonly TileFile[];
}

export function tileColumns(): TileColumns {
  const levels: { readonly open: Uint8Array[]; full: number }[] = [];
  return {
    push(leafHash) {
      const files: TileFile[] = [];
      let hash = leafHash;
      for (let level = 0; ; level++) {
        levels[level] ??= { open: [], full: 0 };
        const { open, full } = levels[level]!;
        open.push(hash);
        if (open.length < TILE_WIDTH) return files;
        files.push({ path: tilePath(level, full), bytes: joined(open) });
        hash = rootOfFull(open);
        levels[level]!.full++;
        open.length = 0;
      }
    },
    rest: () =>
      levels.flatMap(({ open, full }, level) =>
        open.length === 0 ? [] : [{ path: tilePath(level, full, open.length), bytes: joined(open) }],
      ),
  };
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => {
    bytes.set(hash, i * HASH_BYTES);
  });
  return bytes;
}

function rootOfFull(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(row[2 * i]!, row[2 * i + 1]!));
  return row[0]!;
}
