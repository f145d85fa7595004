import { invalidInput } from '@millwright/core';
import { type ColumnView, readNumbers } from '@millwright/core/table';
import { sortNumbers } from './sort.js';

/** The finite values of a numeric column, ascending, in an array of their own. @throws `table/column` */
export function sortedColumn(column: ColumnView): Float64Array {
  return sortNumbers(readNumbers(column).filter(Number.isFinite));
}

/** A sorted copy. @throws `input/invalid` when a value is NaN or infinite */
export function sortedSample(name: string, values: Float64Array): Float64Array {
  const bad = values.findIndex((value) => value - value !== 0);
  if (bad >= 0)
    throw invalidInput(
      `${name}[${bad}]`,
      'a finite number',
      values[bad],
      'Leave NaN out; presence is a test of its own.',
    );
  return sortNumbers(values.slice());
}

/** Walks two sorted samples value by value, ties of both together: `at(value, ties in reference, ties in current)`. */
export function mergeSorted(
  reference: Float64Array,
  current: Float64Array,
  at: (value: number, inReference: number, inCurrent: number) => void,
): void {
  let i = 0;
  let j = 0;
  while (i < reference.length || j < current.length) {
    const value = j >= current.length || reference[i]! <= current[j]! ? reference[i]! : current[j]!;
    const [fromI, fromJ] = [i, j];
    while (reference[i] === value) i++;
    while (current[j] === value) j++;
    at(value, i - fromI, j - fromJ);
  }
}
