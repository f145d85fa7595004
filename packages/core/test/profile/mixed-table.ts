import { seededRandom } from '@millwright/core';
import { type Table, tableFrom } from '@millwright/core/table';

/** A table with everything that can go wrong in a column. */
export function mixedTable(rows: number, seed: number): Table {
  const random = seededRandom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random.next() * values.length)]!;
  const many = <T>(make: () => T) => Array.from({ length: rows }, make);
  return tableFrom({
    x: many(() => pick([null, Number.NaN, Infinity, -Infinity, 0, -0, 7, random.next() * 1e9, -random.next() / 1e9])),
    hour: Int16Array.from(many(() => Math.floor(random.next() * 24))),
    id: many(() => pick([null, BigInt(Math.floor(random.next() * 2 ** 40))])),
    origin: many(() => pick([null, '', 'MCI', 'LAX', `T${Math.floor(random.next() * 300)}`])),
    late: many(() => pick([null, true, false])),
    at: many(() => pick([null, new Date(Math.floor(random.next() * 1e12))])),
  });
}
