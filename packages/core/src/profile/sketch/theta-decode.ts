import { SketchReader } from './bytes.js';
import { type Hashes, isBelow, sortHashes } from './hashes.js';
import { seedHash } from './item-hash.js';
import { BIG_ENDIAN, EMPTY, FAMILY, ORDERED } from './theta-encode.js';
import { unpackDeltas } from './theta-packing.js';
import { type ThetaSet, thetaSet } from './theta-set.js';
import { isAll, MAX_THETA, type Theta, type ThetaState } from './theta-state.js';

/**
 * The set in Apache DataSketches bytes: compact images of serial versions 1 to 4, ordered or not.
 * @throws `sketch/corrupt`
 */
export function decodeTheta(bytes: Uint8Array): ThetaSet {
  const reader = new SketchReader(bytes, 'theta');
  const preamble = reader.u8() & 0x3f;
  const serial = reader.u8();
  const family = reader.u8();
  if (family !== FAMILY) throw reader.corrupt(`the family is ${family}, not ${FAMILY}`);
  if (preamble < 1 || preamble > 3) throw reader.corrupt(`the preamble is ${preamble} longs`);
  switch (serial) {
    case 1:
    case 2:
      return thetaSet(readOld(reader, preamble, serial));
    case 3:
      return thetaSet(readPlain(reader, preamble));
    case 4:
      return thetaSet(readCompressed(reader, preamble));
    default:
      throw reader.corrupt(`the serial version is ${serial}`);
  }
}

function readPlain(reader: SketchReader, preamble: number): ThetaState {
  reader.seek(5);
  const flags = reader.u8();
  const seed = reader.u16();
  if ((flags & BIG_ENDIAN) !== 0) throw reader.corrupt('it is big-endian');
  const empty = (flags & EMPTY) !== 0;
  if (preamble === 1) return readHashes(reader, empty ? 0 : 1, MAX_THETA, true, seed, empty);
  const count = reader.u32();
  reader.u32();
  const theta = preamble === 3 ? readTheta(reader) : MAX_THETA;
  return readHashes(reader, count, theta, (flags & ORDERED) !== 0, seed, empty);
}

/** Versions 1 and 2 had no flags to speak of: they are ordered, and empty when they hold nothing at theta 1. */
function readOld(reader: SketchReader, preamble: number, serial: number): ThetaState {
  reader.seek(6);
  const seed = reader.u16();
  const ours = serial === 1 ? seedHash() : seed;
  if (serial === 2 && preamble === 1) return readHashes(reader, 0, MAX_THETA, true, ours, true);
  if (serial === 1 && preamble !== 3) throw reader.corrupt(`the preamble is ${preamble} longs`);
  const count = reader.u32();
  reader.u32();
  const theta = preamble === 3 ? readTheta(reader) : MAX_THETA;
  return readHashes(reader, count, theta, true, ours, count === 0 && isAll(theta));
}

function readHashes(
  reader: SketchReader,
  count: number,
  theta: Theta,
  ordered: boolean,
  seed: number,
  empty: boolean,
): ThetaState {
  reader.need(8 * count);
  const hashes = new Uint32Array(2 * count);
  for (let i = 0; i < hashes.length; i++) hashes[i] = reader.u32();
  if (!ordered) sortHashes(hashes);
  return checked(reader, { theta, hashes, empty, seedHash: seed });
}

function readCompressed(reader: SketchReader, preamble: number): ThetaState {
  const bits = reader.u8();
  const countBytes = reader.u8();
  const flags = reader.u8();
  const seed = reader.u16();
  if (bits < 1 || bits > 63 || countBytes < 1 || countBytes > 4 || preamble > 2) {
    throw reader.corrupt(`deltas of ${bits} bits, a count of ${countBytes} bytes, a preamble of ${preamble} longs`);
  }
  const theta = preamble === 2 ? readTheta(reader) : MAX_THETA;
  let count = 0;
  for (let i = 0; i < countBytes; i++) count += reader.u8() * 256 ** i;
  const hashes: Hashes = unpackDeltas(reader.bytes(Math.ceil((bits * count) / 8)), bits, count);
  return checked(reader, { theta, hashes, empty: (flags & EMPTY) !== 0, seedHash: seed });
}

function checked(reader: SketchReader, state: ThetaState): ThetaState {
  const { hashes, theta, empty } = state;
  if (empty && (hashes.length > 0 || !isAll(theta))) throw reader.corrupt('it says that it is empty, and is not');
  if (theta.high > MAX_THETA.high || (theta.high === 0 && theta.low === 0))
    throw reader.corrupt('theta is out of range');
  let high = 0;
  let low = 0;
  for (let i = 0; i < hashes.length; i += 2) {
    if (!isBelow(high, low, hashes[i + 1]!, hashes[i]!)) throw reader.corrupt('its hashes are not in order');
    low = hashes[i]!;
    high = hashes[i + 1]!;
  }
  if (hashes.length > 0 && !isBelow(high, low, theta.high, theta.low)) throw reader.corrupt('a hash is above theta');
  return state;
}

function readTheta(reader: SketchReader): Theta {
  const low = reader.u32();
  return { low, high: reader.u32() };
}
