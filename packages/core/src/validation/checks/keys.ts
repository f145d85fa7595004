import type { SlotValue } from '../slots.js';

/** Numbers distinct keys from 0 in order of first appearance. */
export interface Keys {
  idOf(row: readonly SlotValue[]): number;
  valueOf(id: number): readonly SlotValue[];
  size(): number;
}

/** Keys of one numeric column, of one other column, or of several. -0 is 0 and NaN equals NaN, as in a Map. */
export function keysOf(width: number, numeric: boolean): Keys {
  if (width === 1 && numeric) return numberKeys();
  return width === 1 ? singleKeys() : compoundKeys();
}

function singleKeys(): Keys {
  const ids = new Map<SlotValue, number>();
  const values: SlotValue[] = [];
  return {
    idOf: ([value]) => {
      let id = ids.get(value!);
      if (id === undefined) {
        id = values.length;
        // Past the limit nothing is kept: the answer is open, and memory stays as it is.
        if (id <= MAX_KEYS) {
          ids.set(value!, id);
          values.push(value!);
        }
      }
      return id;
    },
    valueOf: (id) => [values[id]!],
    size: () => values.length,
  };
}

/** A JavaScript Map holds at most 2^24 entries. */
export const MAX_KEYS = 16_000_000;

/** A combination is one string: the length before each part keeps `a|b` and `|ab` apart. */
function compoundKeys(): Keys {
  const inner = singleKeys();
  const rows: (readonly SlotValue[])[] = [];
  return {
    idOf: (row) => {
      let key = '';
      for (const value of row) {
        const text = value === 0 ? '0' : String(value);
        key += `${typeof value === 'string' ? 's' : 'v'}${text.length}:${text}`;
      }
      const id = inner.idOf([key]);
      if (id === rows.length && id <= MAX_KEYS) rows.push([...row]);
      return id;
    },
    valueOf: (id) => rows[id]!,
    size: inner.size,
  };
}

const EMPTY = -1;

/** Open addressing over typed arrays: about ten times faster than a Map of numbers, and with less memory. */
function numberKeys(): Keys {
  let capacity = 1 << 12;
  let table = new Int32Array(capacity).fill(EMPTY);
  let values = new Float64Array(capacity);
  let size = 0;
  const word = new Float64Array(1);
  const halves = new Uint32Array(word.buffer);
  // 64-bit integers beyond 2^53 are bigint and rare.
  const big = new Map<bigint, number>();
  const bigs = new Map<number, bigint>();

  const hash = (value: number): number => {
    word[0] = value;
    let h = Math.imul(halves[0]! ^ Math.imul(halves[1]!, 0x9e3779b1), 0x85ebca6b);
    h ^= h >>> 15;
    h = Math.imul(h, 0xc2b2ae35);
    return h ^ (h >>> 13);
  };

  const grow = () => {
    capacity *= 2;
    table = new Int32Array(capacity).fill(EMPTY);
    const larger = new Float64Array(capacity);
    larger.set(values);
    values = larger;
    for (let id = 0; id < size; id++) {
      if (bigs.has(id)) continue;
      let at = hash(values[id]!) & (capacity - 1);
      while (table[at] !== EMPTY) at = (at + 1) & (capacity - 1);
      table[at] = id;
    }
  };

  const idOfNumber = (given: number): number => {
    // One NaN, one zero.
    const value = given === 0 ? 0 : Number.isNaN(given) ? Number.NaN : given;
    let at = hash(value) & (capacity - 1);
    for (;;) {
      const id = table[at]!;
      if (id === EMPTY) break;
      if (Object.is(values[id], value) && !bigs.has(id)) return id;
      at = (at + 1) & (capacity - 1);
    }
    if (size > MAX_KEYS) return size;
    if (2 * (size + 1) > capacity) {
      grow();
      return idOfNumber(value);
    }
    values[size] = value;
    table[at] = size;
    return size++;
  };

  return {
    idOf: ([value]) => {
      if (typeof value !== 'bigint') return idOfNumber(value as number);
      let id = big.get(value);
      if (id === undefined) {
        if (size > MAX_KEYS) return size;
        if (2 * (size + 1) > capacity) grow();
        id = size++;
        big.set(value, id);
        bigs.set(id, value);
      }
      return id;
    },
    valueOf: (id) => [bigs.get(id) ?? values[id]!],
    size: () => size,
  };
}
