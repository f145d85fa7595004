import { SketchReader } from './bytes.js';
import { CouponSet } from './coupon-set.js';
import { HllSketch, MAX_LG_K, MIN_LG_K } from './hll.js';
import {
  EXCEPTION,
  FLAG_COMPACT,
  FLAG_EMPTY,
  FLAG_OUT_OF_ORDER,
  HLL_FAMILY,
  HLL_SERIAL,
  LIST_PREAMBLE,
  lgExceptions,
  REGISTERS_AT,
  REGISTERS_PREAMBLE,
  SET_PREAMBLE,
} from './hll-encode.js';
import { ADDRESS_BITS } from './hll-estimate.js';
import type { HllBits } from './hll-state.js';

/** The sketch in Apache DataSketches bytes, compact or updatable (as Spark stores it). @throws `sketch/corrupt` */
export function decodeHll(bytes: Uint8Array): HllSketch {
  const reader = new SketchReader(bytes, 'HLL');
  const preamble = reader.u8();
  const serial = reader.u8();
  const family = reader.u8();
  const lgK = reader.u8();
  const lgLength = reader.u8();
  const flags = reader.u8();
  const count = reader.u8();
  const mode = reader.u8();
  if (family !== HLL_FAMILY) throw reader.corrupt(`the family is ${family}, not ${HLL_FAMILY}`);
  if (serial !== HLL_SERIAL) throw reader.corrupt(`the serial version is ${serial}`);
  if (lgK < MIN_LG_K || lgK > MAX_LG_K) throw reader.corrupt(`lgK is ${lgK}`);
  const bits = BITS[mode >> 2];
  if (bits === undefined || PREAMBLES[mode & 3] !== preamble) {
    throw reader.corrupt(`the mode is ${mode} with a preamble of ${preamble}`);
  }
  const head: Head = {
    lgK,
    bits,
    lgLength,
    count,
    compact: (flags & FLAG_COMPACT) !== 0,
    empty: (flags & FLAG_EMPTY) !== 0,
    merged: (flags & FLAG_OUT_OF_ORDER) !== 0,
  };
  return preamble === REGISTERS_PREAMBLE ? readRegisters(reader, head) : readCoupons(reader, head, preamble);
}

interface Head {
  readonly lgK: number;
  readonly bits: HllBits;
  readonly lgLength: number;
  readonly count: number;
  readonly compact: boolean;
  readonly empty: boolean;
  readonly merged: boolean;
}

const BITS: readonly (HllBits | undefined)[] = [4, 6, 8];
const PREAMBLES: readonly (number | undefined)[] = [LIST_PREAMBLE, SET_PREAMBLE, REGISTERS_PREAMBLE];

function readCoupons(reader: SketchReader, head: Head, preamble: number): HllSketch {
  const { lgK, bits, merged } = head;
  const list = preamble === LIST_PREAMBLE;
  const count = list ? head.count : reader.u32();
  const empty = head.empty || (list && count === 0);
  if (list && count > 7) throw reader.corrupt(`a list holds ${count} coupons`);
  if (!list && (lgK < 8 || count < 8 || 4 * count > 3 * 2 ** (lgK - 3))) {
    throw reader.corrupt(`a set holds ${count} coupons at lgK ${lgK}`);
  }
  const length = empty ? 0 : head.compact ? count : 2 ** Math.min(head.lgLength, lgK);
  reader.need(4 * length);
  const coupons = new CouponSet(lgK);
  for (let i = 0; i < length; i++) {
    const coupon = reader.u32();
    if (coupon === 0) continue;
    if (coupon >>> ADDRESS_BITS === 0) throw reader.corrupt('a coupon has no value');
    if (coupons.size === count) throw reader.corrupt(`it holds more than its ${count} coupons`);
    coupons.add(coupon);
  }
  if (!empty && coupons.size !== count) throw reader.corrupt(`it holds ${coupons.size} coupons, not ${count}`);
  return new HllSketch({ lgK, bits, coupons, registers: undefined, historic: 0, merged });
}

function readRegisters(reader: SketchReader, head: Head): HllSketch {
  const { lgK, bits, merged } = head;
  const k = 2 ** lgK;
  const historic = reader.f64();
  reader.seek(36);
  const exceptions = reader.u32();
  reader.seek(REGISTERS_AT);
  if (!(historic >= 0 && historic < Number.POSITIVE_INFINITY)) throw reader.corrupt(`its estimate is ${historic}`);
  const packed = reader.bytes(bits === 4 ? k / 2 : bits === 6 ? (k * 3) / 4 + 1 : k);
  const registers = new Uint8Array(k);
  if (bits === 8) for (let slot = 0; slot < k; slot++) registers[slot] = packed[slot]! & 63;
  else if (bits === 6) for (let slot = 0; slot < k; slot++) registers[slot] = unpack6(packed, slot);
  else for (let slot = 0; slot < k; slot++) registers[slot] = (packed[slot >> 1]! >> (4 * (slot & 1))) & EXCEPTION;
  if (bits === 4) readExceptions(reader, head, registers, exceptions);
  return new HllSketch({ lgK, bits, coupons: undefined, registers, historic, merged });
}

function unpack6(packed: Uint8Array, slot: number): number {
  const at = (slot * 6) >> 3;
  return ((packed[at]! | (packed[at + 1]! << 8)) >> ((slot * 6) & 7)) & 63;
}

/** Four-bit registers become values: the smallest is added, and what does not fit is in a table behind them. */
function readExceptions(reader: SketchReader, head: Head, registers: Uint8Array, count: number): void {
  if (count > registers.length || head.count > 63) {
    throw reader.corrupt(`it has ${count} exceptions above ${head.count}`);
  }
  const expected = new Set<number>();
  for (let slot = 0; slot < registers.length; slot++) {
    const nibble = registers[slot]!;
    if (nibble === EXCEPTION) expected.add(slot);
    else if (nibble + head.count > 63) throw reader.corrupt(`register ${slot} is ${nibble} above ${head.count}`);
    else registers[slot] = nibble + head.count;
  }
  const lgLength = head.lgLength === 0 ? lgExceptions(head.lgK) : head.lgLength;
  const length = head.compact ? count : 2 ** Math.min(lgLength, head.lgK);
  if (count > 0) reader.need(4 * length);
  for (let i = 0; count > 0 && i < length; i++) {
    const pair = reader.u32();
    if (pair === 0) continue;
    const slot = pair & (2 ** ADDRESS_BITS - 1) & (registers.length - 1);
    const value = pair >>> ADDRESS_BITS;
    if (!expected.delete(slot) || value < head.count + EXCEPTION) {
      throw reader.corrupt(`register ${slot} has no exception ${value}`);
    }
    registers[slot] = value;
  }
  if (expected.size > 0) throw reader.corrupt(`${expected.size} exceptions are missing`);
}
