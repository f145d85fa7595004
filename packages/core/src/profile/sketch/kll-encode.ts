import { setCount64, sketchBytes } from './bytes.js';
import { MIN_LEVEL_WIDTH } from './kll-capacity.js';
import type { KllKind, KllState } from './kll-state.js';

/** Writes the compact image: a preamble, the levels' starts, the extremes, the items. */
export function encodeKll(kind: KllKind, state: KllState<number>): Uint8Array {
  const { k, n, starts, items } = state;
  const levels = starts.length - 1;
  const from = starts[0]!;
  const retained = starts[levels]! - from;
  const size = kind === 'float' ? 4 : 8;
  const header = n <= 1 ? 8 : FULL_PREAMBLE + 4 * levels + 2 * size;
  const { bytes, view } = sketchBytes(header + (n === 0 ? 0 : retained * size));
  const put = (at: number, value: number) =>
    kind === 'float' ? view.setFloat32(at, value, true) : view.setFloat64(at, value, true);
  bytes[0] = n <= 1 ? 2 : 5;
  bytes[1] = n === 1 ? SERIAL_SINGLE : SERIAL_COMPACT;
  bytes[2] = FAMILY;
  bytes[3] = (n === 0 ? EMPTY : 0) | (state.ordered ? ORDERED : 0) | (n === 1 ? SINGLE : 0);
  view.setUint16(4, k, true);
  bytes[6] = MIN_LEVEL_WIDTH;
  if (n > 1) {
    setCount64(view, 8, n);
    view.setUint16(16, state.minK, true);
    bytes[18] = levels;
    for (let level = 0; level < levels; level++) view.setUint32(FULL_PREAMBLE + 4 * level, starts[level]!, true);
    put(header - 2 * size, state.min);
    put(header - size, state.max);
  }
  if (n > 0) for (let i = 0; i < retained; i++) put(header + i * size, items[from + i]!);
  return bytes;
}

export const FAMILY = 15;
export const SERIAL_COMPACT = 1;
const SERIAL_SINGLE = 2;
/** The image in which Java updates in place: free space and the last start are written too. */
export const SERIAL_UPDATABLE = 3;
const FULL_PREAMBLE = 20;
export const EMPTY = 1;
export const ORDERED = 2;
export const SINGLE = 4;
