import { invalidInput } from '@millwright/core';

/** How far apart two values are: not the same, by rank, by difference, by ratio. */
export type Measurement = 'nominal' | 'ordinal' | 'interval' | 'ratio';

/**
 * Krippendorff's alpha: 1 - observed / expected disagreement, over any number of raters with ratings missing. `ratings`
 * holds one list per rater, of the same length; undefined and NaN are missing, and units with fewer than two ratings are
 * left out (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability).
 *
 * @returns undefined when fewer than two values occur: there is nothing to agree about
 * @throws `input/invalid` for lists of different length
 */
export function krippendorffAlpha(
  ratings: readonly (readonly (number | undefined)[])[],
  measurement: Measurement = 'nominal',
): number | undefined {
  const units = ratings[0]?.length ?? 0;
  if (ratings.some((rater) => rater.length !== units))
    throw invalidInput('ratings', `lists of ${units} ratings`, 'lists of different length');
  const { values, coincidences, totals, n } = coincidenceMatrix(ratings, units);
  if (values.length < 2) return undefined;
  const distance = distances(values, totals, measurement);
  let observed = 0;
  let expected = 0;
  for (let c = 0; c < values.length; c++) {
    for (let k = c + 1; k < values.length; k++) {
      observed += coincidences[c]![k]! * distance(c, k);
      expected += totals[c]! * totals[k]! * distance(c, k);
    }
  }
  return expected > 0 ? 1 - ((n - 1) * observed) / expected : undefined;
}

function coincidenceMatrix(ratings: readonly (readonly (number | undefined)[])[], units: number) {
  const perUnit: number[][] = [];
  for (let u = 0; u < units; u++) {
    const given = ratings.map((rater) => rater[u]).filter((v): v is number => v !== undefined && !Number.isNaN(v));
    if (given.length >= 2) perUnit.push(given);
  }
  const values = [...new Set(perUnit.flat())].sort((a, b) => a - b);
  const index = new Map(values.map((value, i) => [value, i]));
  const coincidences = values.map(() => new Float64Array(values.length));
  for (const given of perUnit) {
    const weight = 1 / (given.length - 1);
    given.forEach((a, i) => {
      given.forEach((b, j) => {
        if (i !== j) coincidences[index.get(a)!]![index.get(b)!]! += weight;
      });
    });
  }
  const totals = coincidences.map((row) => row.reduce((x, y) => x + y, 0));
  return { values, coincidences, totals, n: totals.reduce((x, y) => x + y, 0) };
}

/** Squared distances between the values, by their place. */
function distances(
  values: readonly number[],
  totals: readonly number[],
  measurement: Measurement,
): (c: number, k: number) => number {
  switch (measurement) {
    case 'nominal':
      return () => 1;
    case 'ordinal':
      return (c, k) => {
        let between = -(totals[c]! + totals[k]!) / 2;
        for (let g = c; g <= k; g++) between += totals[g]!;
        return between ** 2;
      };
    case 'interval':
      return (c, k) => (values[c]! - values[k]!) ** 2;
    case 'ratio':
      return (c, k) => {
        const whole = values[c]! + values[k]!;
        return whole === 0 ? 0 : ((values[c]! - values[k]!) / whole) ** 2;
      };
    default:
      return measurement satisfies never;
  }
}
