import { addExact, type ExactNumber, exactNumber } from './exact-number.js';
import { exactSum } from './exact-sum.js';

/** Sums of third and fourth powers, as exact as the sums of first and second ones. */
export interface HigherPowers {
  /** Adds `values[0..length)`, all finite. */
  addBlock(values: Float64Array, length: number): void;
  /** Adds integers that came `counts[i]` times. */
  addFrequencies(values: Float64Array, counts: Float64Array): void;
  total(): { readonly cubes: ExactNumber; readonly fourths: ExactNumber };
}

export function higherPowers(): HigherPowers {
  const cubes = exactSum();
  const fourths = exactSum();
  let countedCubes = 0n;
  let countedFourths = 0n;
  return {
    addBlock(values, length) {
      cubes.addCubes(values, length);
      fourths.addFourths(values, length);
    },
    addFrequencies(values, counts) {
      for (let i = 0; i < values.length; i++) {
        const value = BigInt(values[i]!);
        const cube = value * value * value * BigInt(counts[i]!);
        countedCubes += cube;
        countedFourths += cube * value;
      }
    },
    total: () => ({
      cubes: addExact(cubes.total(), exactNumber(countedCubes, 0)),
      fourths: addExact(fourths.total(), exactNumber(countedFourths, 0)),
    }),
  };
}
