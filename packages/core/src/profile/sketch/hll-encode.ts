import { sketchBytes } from './bytes.js';
import { ADDRESS_BITS } from './hll-estimate.js';
import type { HllState } from './hll-state.js';

/** Writes the compact image, or the updatable one, in which tables keep their free places. */
export function encodeHll(state: HllState, sums: RegisterSums, updatable: boolean): Uint8Array {
  return state.coupons === undefined ? encodeRegisters(state, sums, updatable) : encodeCoupons(state, updatable);
}

/** Σ 2^-register over registers below 32 and over the others, and how many registers are 0. */
export interface RegisterSums {
  readonly low: number;
  readonly high: number;
  readonly zeros: number;
}

export const HLL_FAMILY = 7;
export const HLL_SERIAL = 1;
export const FLAG_EMPTY = 4;
export const FLAG_COMPACT = 8;
export const FLAG_OUT_OF_ORDER = 16;
/** Preamble in 4-byte words, which names the mode. */
export const LIST_PREAMBLE = 2;
export const SET_PREAMBLE = 3;
export const REGISTERS_PREAMBLE = 10;
/** Registers of 4 bits hold the distance to the smallest one; 15 says that the value is in the table of exceptions. */
export const EXCEPTION = 15;
/** Where registers begin. */
export const REGISTERS_AT = 40;

/** Log2 of the first length of the table of exceptions, for every lgK. */
export function lgExceptions(lgK: number): number {
  return lgK < 7 ? 2 : lgK < 10 ? 3 : lgK < 12 ? 4 : lgK < 14 ? 5 : lgK - 8;
}

function encodeCoupons(state: HllState, updatable: boolean): Uint8Array {
  const coupons = state.coupons!;
  const held = updatable ? coupons.slots : Uint32Array.from(coupons);
  const start = coupons.isList ? 8 : 12;
  const length = coupons.size === 0 && !updatable ? 8 : start + 4 * held.length;
  const { bytes, view } = sketchBytes(length);
  bytes[0] = coupons.isList ? LIST_PREAMBLE : SET_PREAMBLE;
  writeCommon(bytes, state, coupons.isList ? 0 : 1, updatable);
  bytes[4] = coupons.lgLength;
  if (coupons.size === 0) bytes[5] = bytes[5]! | FLAG_EMPTY;
  if (coupons.isList) bytes[6] = coupons.size;
  else view.setUint32(8, coupons.size, true);
  if (length > 8) held.forEach((coupon, i) => void view.setUint32(start + 4 * i, coupon, true));
  return bytes;
}

function encodeRegisters(state: HllState, sums: RegisterSums, updatable: boolean): Uint8Array {
  const registers = state.registers!;
  const packed = state.bits === 4 ? pack4(registers, state.lgK) : undefined;
  const exceptions = packed === undefined ? [] : updatable ? packed.table : packed.table.filter((pair) => pair !== 0);
  const size =
    state.bits === 4 ? registers.length / 2 : state.bits === 6 ? (registers.length * 3) / 4 + 1 : registers.length;
  const { bytes, view } = sketchBytes(REGISTERS_AT + size + 4 * exceptions.length);
  bytes[0] = REGISTERS_PREAMBLE;
  writeCommon(bytes, state, 2, updatable);
  bytes[4] = packed !== undefined && packed.count > 0 ? Math.log2(packed.table.length) : 0;
  bytes[6] = packed?.smallest ?? 0;
  view.setFloat64(8, state.historic, true);
  view.setFloat64(16, sums.low, true);
  view.setFloat64(24, sums.high, true);
  view.setUint32(32, packed?.atSmallest ?? sums.zeros, true);
  view.setUint32(36, packed?.count ?? 0, true);
  if (packed !== undefined) bytes.set(packed.nibbles, REGISTERS_AT);
  else if (state.bits === 8) bytes.set(registers, REGISTERS_AT);
  else pack6(registers, bytes.subarray(REGISTERS_AT));
  exceptions.forEach((pair, i) => void view.setUint32(REGISTERS_AT + size + 4 * i, pair, true));
  return bytes;
}

function writeCommon(bytes: Uint8Array, state: HllState, mode: number, updatable: boolean): void {
  bytes[1] = HLL_SERIAL;
  bytes[2] = HLL_FAMILY;
  bytes[3] = state.lgK;
  bytes[5] = (updatable ? 0 : FLAG_COMPACT) | (state.merged ? FLAG_OUT_OF_ORDER : 0);
  bytes[7] = mode | ((state.bits === 4 ? 0 : state.bits === 6 ? 1 : 2) << 2);
}

function pack4(registers: Uint8Array, lgK: number) {
  let smallest = 63;
  for (const value of registers) if (value < smallest) smallest = value;
  const nibbles = new Uint8Array(registers.length / 2);
  const pairs: number[] = [];
  let atSmallest = 0;
  registers.forEach((value, slot) => {
    if (value === smallest) atSmallest++;
    const nibble = Math.min(value - smallest, EXCEPTION);
    if (nibble === EXCEPTION) pairs.push(((value << ADDRESS_BITS) | slot) >>> 0);
    nibbles[slot >> 1] = nibbles[slot >> 1]! | (nibble << (4 * (slot & 1)));
  });
  return { smallest, atSmallest, nibbles, count: pairs.length, table: exceptionTable(pairs, lgK) };
}

/** Open addressing by slot, doubled at three quarters. */
function exceptionTable(pairs: readonly number[], lgK: number): number[] {
  let lgLength = lgExceptions(lgK);
  while (4 * pairs.length > 3 * 2 ** lgLength) lgLength++;
  const mask = 2 ** lgLength - 1;
  const table = new Array<number>(mask + 1).fill(0);
  for (const pair of pairs) {
    const slot = pair & (2 ** ADDRESS_BITS - 1);
    let at = slot & mask;
    while (table[at] !== 0) at = (at + ((slot >>> lgLength) | 1)) & mask;
    table[at] = pair;
  }
  return table;
}

/** Six bits each, from the lowest bit up, across bytes. */
function pack6(registers: Uint8Array, bytes: Uint8Array): void {
  registers.forEach((value, slot) => {
    const at = (slot * 6) >> 3;
    const shifted = value << ((slot * 6) & 7);
    bytes[at] = bytes[at]! | shifted;
    bytes[at + 1] = bytes[at + 1]! | (shifted >> 8);
  });
}
