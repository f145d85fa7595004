import { sketchBytes } from './bytes.js';
import { packDeltas, widestDelta } from './theta-packing.js';
import { isAll, type Theta, type ThetaState } from './theta-state.js';

/** Writes the ordered compact image, or the delta-compressed one where that is defined. */
export function encodeTheta(state: ThetaState, compressed: boolean): Uint8Array {
  const { hashes, theta } = state;
  const count = hashes.length / 2;
  const all = isAll(theta);
  if (compressed && count > 0 && !(count === 1 && all)) return encodeCompressed(state, all);
  const preamble = all ? (count <= 1 ? 1 : 2) : 3;
  const { bytes, view } = sketchBytes(8 * preamble + 4 * hashes.length);
  writeCommon(bytes, view, preamble, 3, state);
  if (preamble > 1) view.setUint32(8, count, true);
  if (preamble === 3) setTheta(view, 16, theta);
  for (let i = 0; i < hashes.length; i++) view.setUint32(8 * preamble + 4 * i, hashes[i]!, true);
  return bytes;
}

export const FAMILY = 3;
export const BIG_ENDIAN = 1;
const READ_ONLY = 2;
export const EMPTY = 4;
const COMPACT = 8;
export const ORDERED = 16;

function writeCommon(bytes: Uint8Array, view: DataView, preamble: number, serial: number, state: ThetaState): void {
  bytes[0] = preamble;
  bytes[1] = serial;
  bytes[2] = FAMILY;
  bytes[5] = READ_ONLY | COMPACT | ORDERED | (state.empty ? EMPTY : 0);
  view.setUint16(6, state.seedHash, true);
}

function encodeCompressed(state: ThetaState, all: boolean): Uint8Array {
  const { hashes, theta } = state;
  const count = hashes.length / 2;
  const bits = widestDelta(hashes);
  const countBytes = Math.ceil((32 - Math.clz32(count)) / 8);
  const start = (all ? 8 : 16) + countBytes;
  const { bytes, view } = sketchBytes(start + Math.ceil((bits * count) / 8));
  writeCommon(bytes, view, all ? 1 : 2, 4, state);
  bytes[3] = bits;
  bytes[4] = countBytes;
  if (!all) setTheta(view, 8, theta);
  for (let i = 0; i < countBytes; i++) bytes[start - countBytes + i] = count >>> (8 * i);
  packDeltas(hashes, bits, bytes.subarray(start));
  return bytes;
}

function setTheta(view: DataView, at: number, theta: Theta): void {
  view.setUint32(at, theta.low, true);
  view.setUint32(at + 4, theta.high, true);
}
