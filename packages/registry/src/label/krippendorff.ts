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
  const shared: number[][] = [];
  for (let u = 0; u < units; u++) {
    const given = ratings.map((rater) => rater[u]).filter((v): v is number => v !== undefined && !Number.isNaN(v));
    if (given.length >= 2) shared.push(given);
  }
  return alphaOf(shared, new Float64Array(shared.length).fill(1), measurement);
}

/** Alpha of units that each occur so often; every unit has two ratings or more. Undefined as for `krippendorffAlpha`. */
export function alphaOf(
  units: readonly (readonly number[])[],
  times: ArrayLike<number>,
  measurement: Measurement,
): number | undefined {
  const { values, coincidences, totals, n } = coincidenceMatrix(units, times);
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

function coincidenceMatrix(units: readonly (readonly number[])[], times: ArrayLike<number>) {
  const values = [...new Set(units.filter((_, u) => times[u]! > 0).flat())].sort((a, b) => a - b);
  const index = new Map(values.map((value, i) => [value, i]));
  const coincidences = values.map(() => new Float64Array(values.length));
  units.forEach((given, u) => {
    if (times[u] === 0) return;
    const weight = times[u]! / (given.length - 1);
    given.forEach((a, i) => {
      given.forEach((b, j) => {
        if (i !== j) coincidences[index.get(a)!]![index.get(b)!]! += weight;
      });
    });
  });
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
