import { EXACT_ZERO, type ExactNumber, exactNumber } from './exact-number.js';

/** Sums of values and of their powers without rounding. */
export interface ExactSum {
  /** Adds `values[0..length)`, all finite, at most 2^25 at once. About 3 ns per value. */
  addAll(values: Float64Array, length: number): void;
  /** Adds their squares. About 5 ns per value. */
  addSquares(values: Float64Array, length: number): void;
  /** Adds their third powers. About 40 ns per value. */
  addCubes(values: Float64Array, length: number): void;
  /** Adds their fourth powers. About 60 ns per value. */
  addFourths(values: Float64Array, length: number): void;
  /** Adds one finite value. */
  add(value: number): void;
  total(): ExactNumber;
}

/** Bits per bin. A bin holds integers below 2^26, so that 2^26 of them fit the 53 bits of a double. */
const BIN_BITS = 26;
const BIN = 2 ** BIN_BITS;
/** The bin of 2^0. Fourth powers reach down to 2^-4296 and, split into their parts, some bins lower. */
const ZERO_BIN = 184;
const BINS = 2 * ZERO_BIN;
/** Carry before this many additions. */
const MAX_ADDITIONS = 2 ** 26;
/** Values outside 2^±400 are scaled by this many bins first, which keeps products in range. */
const FAR_BINS = 30;
const FAR = 2 ** (BIN_BITS * FAR_BINS);
const LARGE = 2 ** 400;
const SMALL = 2 ** -400;
/** Squares from here on lose nothing below the range of doubles. */
const SMALL_SQUARE = 2 ** -800;
/** Veltkamp's constant for 53 bits. */
const SPLITTER = 2 ** 27 + 1;

/** The bin, relative to that of 2^0, for each biased exponent; 0 stays 0 in any. */
const BIN_OF = Int8Array.from({ length: 2048 }, (_, biased) =>
  biased === 0 ? 0 : Math.floor((biased - 1023) / BIN_BITS),
);
/** 2^(-26·bin) for bins from -40 on. */
const SCALE = Float64Array.from({ length: 80 }, (_, i) => 2 ** (-BIN_BITS * (i - 40)));

/**
 * A sum in bins of 26 bits on a fixed grid: every double is cut into at most three integers, which bins add without
 * rounding. The grid does not depend on the data, so any order and any split of the data give the same total
 * (Demmel and Hida, "Fast and accurate floating point summation", with Neal's fixed bins).
 */
export function exactSum(): ExactSum {
  const bins = new Float64Array(BINS + 4);
  let additions = 0;
  const reserve = (more: number) => {
    additions += more;
    if (additions < MAX_ADDITIONS) return;
    carry(bins);
    additions = 1 + more;
  };
  return {
    add(value) {
      reserve(1);
      addValue(bins, value);
    },
    addAll(values, length) {
      reserve(length);
      for (let from = 0; from < length; from += BLOCK) addBlock(bins, values, from, Math.min(length, from + BLOCK));
    },
    addSquares(values, length) {
      reserve(2 * length);
      for (let from = 0; from < length; from += BLOCK) squareBlock(bins, values, from, Math.min(length, from + BLOCK));
    },
    addCubes(values, length) {
      reserve(4 * length);
      for (let i = 0; i < length; i++) addCube(bins, values[i]!);
    },
    addFourths(values, length) {
      reserve(6 * length);
      for (let i = 0; i < length; i++) addFourth(bins, values[i]!);
    },
    total: () => totalOf(bins),
  };
}

// Module functions over one array, not closures: every caller then shares one compiled loop.

const cell = new Float64Array(1);
const words = new Uint32Array(cell.buffer);

/** The bin of a value's leading bit, relative to that of 2^0. */
function binOf(value: number): number {
  cell[0] = value;
  return BIN_OF[(words[1]! >>> 20) & 0x7ff]!;
}

function put(bins: Float64Array, value: number, shift: number): void {
  const relative = binOf(value);
  const scaled = value * SCALE[relative + 40]!;
  const top = Math.trunc(scaled);
  const rest = (scaled - top) * BIN;
  const middle = Math.trunc(rest);
  const at = relative + shift + ZERO_BIN;
  bins[at]! += top;
  bins[at - 1]! += middle;
  bins[at - 2]! += (rest - middle) * BIN;
}

/** Bins by which a value is scaled down (positive) or up before it is used. Almost always 0. */
function distance(value: number): number {
  const size = Math.abs(value);
  if (size < SMALL) return size === 0 ? 0 : -FAR_BINS;
  return size > LARGE ? FAR_BINS : 0;
}

/** Values that are added up in registers before they go to bins: 2^13, which leaves 40 of 53 bits for each. */
const BLOCK = 2 ** 13;
/** What one register takes of a value: 40 bits. */
const CUT = 2 ** 40;

/**
 * Adds a block in two registers. Adding and taking away a large number cuts a value at a bit that is the same for the
 * whole block: two cuts of 40 bits each, which add up without rounding. What is left, if anything, goes to the bins.
 */
function addBlock(bins: Float64Array, values: Float64Array, from: number, to: number): void {
  const largest = largestOf(values, from, to);
  if (largest > LARGE || largest < SMALL) {
    for (let i = from; i < to; i++) addValue(bins, values[i]!);
    return;
  }
  const first = cutter(largest);
  const second = first / CUT;
  let high = 0;
  let low = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    const top = value + first - first;
    const rest = value - top;
    const middle = rest + second - second;
    high += top;
    low += middle;
    addRest(bins, rest - middle);
  }
  addValue(bins, high);
  addValue(bins, low);
}

/** Adds the squares of a block in four registers: each square, and what rounding took from it. */
function squareBlock(bins: Float64Array, values: Float64Array, from: number, to: number): void {
  const largest = largestOf(values, from, to);
  if (largest > LARGE || largest < SMALL) {
    for (let i = from; i < to; i++) addSquare(bins, values[i]!);
    return;
  }
  const first = cutter(largest * largest);
  const second = first / CUT;
  const third = second / CUT;
  const fourth = third / CUT;
  let high = 0;
  let middle = 0;
  let low = 0;
  let lowest = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    const square = value * value;
    if (square < SMALL_SQUARE) {
      // Zero, or so small that parts of the square would be lost.
      if (value !== 0) addSquare(bins, value);
      continue;
    }
    const top = square + first - first;
    const rest = square - top;
    const next = rest + second - second;
    const error = squareError(value, square);
    const errorTop = error + second - second;
    const errorRest = error - errorTop;
    const errorNext = errorRest + third - third;
    high += top;
    middle += next + errorTop;
    low += errorNext;
    // Values far below the largest reach further down.
    if (rest !== next) {
      const cut = rest - next + third - third;
      low += cut;
      addRest(bins, rest - next - cut);
    }
    if (errorRest !== errorNext) {
      const cut = errorRest - errorNext + fourth - fourth;
      lowest += cut;
      addRest(bins, errorRest - errorNext - cut);
    }
  }
  addValue(bins, high);
  addValue(bins, middle);
  addValue(bins, low);
  addValue(bins, lowest);
}

function addRest(bins: Float64Array, rest: number): void {
  if (rest !== 0) addValue(bins, rest);
}

function largestOf(values: Float64Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) {
    const size = Math.abs(values[i]!);
    if (size > largest) largest = size;
  }
  return largest;
}

/** The number that cuts values up to `largest` at the 40th bit of the largest. */
function cutter(largest: number): number {
  cell[0] = largest;
  const exponent = ((words[1]! >>> 20) & 0x7ff) - 1023;
  // Doubles from 2^52 to 2^53 steps are a step apart; a step is 2^(exponent - 39).
  return 1.5 * 2 ** (exponent - 39 + 52);
}

function addValue(bins: Float64Array, value: number): void {
  const far = distance(value);
  put(bins, far === 0 ? value : far > 0 ? value / FAR : value * FAR, far);
}

function addSquare(bins: Float64Array, value: number): void {
  const far = distance(value);
  const near = far === 0 ? value : far > 0 ? value / FAR : value * FAR;
  const square = near * near;
  put(bins, square, 2 * far);
  const error = squareError(near, square);
  // Squares of single precision, and of integers below 2^26, have none.
  if (error !== 0) put(bins, error, 2 * far);
}

function addCube(bins: Float64Array, value: number): void {
  const far = distance(value);
  const near = far === 0 ? value : far > 0 ? value / FAR : value * FAR;
  const bin = binOf(near);
  const m = near * SCALE[bin + 40]!;
  const square = m * m;
  putProduct(bins, square, m, 3 * (far + bin));
  putProduct(bins, squareError(m, square), m, 3 * (far + bin));
}

function addFourth(bins: Float64Array, value: number): void {
  const far = distance(value);
  const near = far === 0 ? value : far > 0 ? value / FAR : value * FAR;
  const bin = binOf(near);
  const m = near * SCALE[bin + 40]!;
  const square = m * m;
  const error = squareError(m, square);
  putProduct(bins, square, square, 4 * (far + bin));
  putProduct(bins, 2 * square, error, 4 * (far + bin));
  putProduct(bins, error, error, 4 * (far + bin));
}

function putProduct(bins: Float64Array, a: number, b: number, shift: number): void {
  const product = a * b;
  put(bins, product, shift);
  put(bins, errorOf(a, b, product), shift);
}

/** Dekker: what rounding took from `value * value`, exactly. */
function squareError(value: number, square: number): number {
  const spread = SPLITTER * value;
  const high = spread - (spread - value);
  const low = value - high;
  return high * high - square + 2 * high * low + low * low;
}

/** What rounding took from `a * b`, exactly. */
function errorOf(a: number, b: number, product: number): number {
  const spreadA = SPLITTER * a;
  const highA = spreadA - (spreadA - a);
  const lowA = a - highA;
  const spreadB = SPLITTER * b;
  const highB = spreadB - (spreadB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

function carry(bins: Float64Array): void {
  for (let i = 0; i < bins.length - 1; i++) {
    const over = Math.trunc(bins[i]! / BIN);
    bins[i]! -= over * BIN;
    bins[i + 1]! += over;
  }
}

function totalOf(bins: Float64Array): ExactNumber {
  const lowest = bins.findIndex((bin) => bin !== 0);
  if (lowest < 0) return EXACT_ZERO;
  let mantissa = 0n;
  for (let i = bins.length - 1; i >= lowest; i--) mantissa = (mantissa << BigInt(BIN_BITS)) + BigInt(bins[i]!);
  return exactNumber(mantissa, (lowest - ZERO_BIN) * BIN_BITS);
}
