import { invalidInput } from '../foundation/errors.js';

/** Hashes in a full tile, and entries in a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;

/** Where a signed head lies. */
export const CHECKPOINT_PATH = 'checkpoint';

/**
 * The path of a tile of hashes, or of a bundle of entries: `tile/0/x001/234/067`, and `.p/112` after it when it has
 * only 112 of its 256. @throws `input/invalid`
 */
export function tilePath(level: number | 'entries', index: number, width = TILE_WIDTH): string {
  if (level !== 'entries' && !(Number.isInteger(level) && level >= 0 && level <= 63))
    throw invalidInput('level', '0 to 63, or `entries`', level);
  if (!Number.isSafeInteger(index) || index < 0) throw invalidInput('index', 'the index of a tile', index);
  if (!(Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH))
    throw invalidInput('width', `1 to ${TILE_WIDTH}`, width);
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g)!;
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}
