import { invalidInput } from '@millwright/core';

/** What the labels of several fallible raters say about the items, and about the raters. */
export interface DawidSkene {
  /** Share of each label, in the order of `labels`. */
  readonly prior: readonly number[];
  /** Probability of each label, one list per item. */
  readonly posterior: readonly (readonly number[])[];
  /** The most probable label per item. */
  readonly label: readonly string[];
  /** How each rater labels: `confusion[rater][true][said]`, rows sum to 1. */
  readonly confusion: readonly (readonly (readonly number[])[])[];
}

/** The labels, and how long and how cautiously the raters' errors are learnt. */
export interface DawidSkeneOptions {
  /** All labels. Default: those that occur, in order of code units. */
  readonly labels?: readonly string[] | undefined;
  /** Steps of expectation and maximisation. Default 50. */
  readonly iterations?: number | undefined;
  /** Added to every cell of a rater's confusion, so that one label too few never makes a certainty. Default 0.01. */
  readonly smoothing?: number | undefined;
}

/**
 * The labels behind `ratings[item][rater]` and each rater's confusion (Dawid and Skene 1979), by expectation and
 * maximisation from the shares of the votes. Missing ratings are `undefined`.
 *
 * @throws `input/invalid` for rows of different length, labels that are not listed, or an item that nobody rated
 */
export function dawidSkene(
  ratings: readonly (readonly (string | undefined)[])[],
  options: DawidSkeneOptions = {},
): DawidSkene {
  const { iterations = 50, smoothing = 0.01 } = options;
  const labels = options.labels ?? [...new Set(ratings.flat().filter((label) => label !== undefined))].sort();
  const raters = ratings[0]?.length ?? 0;
  const codes = ratings.map((row) => encode(row, labels, raters));
  let posterior = codes.map((row) => votes(row, labels.length));
  let model = fit(posterior, codes, raters, smoothing);
  for (let step = 0; step < iterations; step++) {
    if (step > 0) model = fit(posterior, codes, raters, smoothing);
    posterior = codes.map((row) => judge(row, model));
  }
  return {
    ...model,
    posterior,
    label: posterior.map((p) => labels[p.indexOf(Math.max(...p))]!),
  };
}

type Model = Pick<DawidSkene, 'prior' | 'confusion'>;

function encode(row: readonly (string | undefined)[], labels: readonly string[], raters: number): readonly number[] {
  const codes = row.map((label) => (label === undefined ? MISSING : labels.indexOf(label)));
  if (row.length !== raters) throw invalidInput('ratings', `rows of ${raters} raters`, row.length);
  const unknown = row.find((label, i) => label !== undefined && codes[i] === -1);
  if (unknown !== undefined) throw invalidInput('labels', 'every label that occurs', unknown);
  if (codes.every((code) => code === MISSING)) throw invalidInput('ratings', 'an item that somebody rated', 'none');
  return codes;
}

const MISSING = -2;

function votes(row: readonly number[], labels: number): readonly number[] {
  const counts = new Array<number>(labels).fill(0);
  for (const code of row) if (code !== MISSING) counts[code]!++;
  return normalised(counts);
}

/** The shares of labels, and the confusion of raters, if the posterior were true. */
function fit(
  posterior: readonly (readonly number[])[],
  codes: readonly (readonly number[])[],
  raters: number,
  smoothing: number,
): Model {
  const labels = posterior[0]?.length ?? 0;
  const prior = new Array<number>(labels).fill(0);
  const confusion = Array.from({ length: raters }, () =>
    Array.from({ length: labels }, () => new Array<number>(labels).fill(smoothing)),
  );
  posterior.forEach((p, item) => {
    p.forEach((share, label) => {
      prior[label]! += share;
      codes[item]!.forEach((said, rater) => {
        if (said !== MISSING) confusion[rater]![label]![said]! += share;
      });
    });
  });
  return { prior: normalised(prior), confusion: confusion.map((rows) => rows.map(normalised)) };
}

/** Bayes' rule, in logarithms: many raters multiply to less than a number can hold. */
function judge(row: readonly number[], { prior, confusion }: Model): readonly number[] {
  const logs = prior.map((share, label) =>
    row.reduce(
      (sum, said, rater) => (said === MISSING ? sum : sum + Math.log(confusion[rater]![label]![said]!)),
      Math.log(share),
    ),
  );
  const top = Math.max(...logs);
  return normalised(logs.map((log) => Math.exp(log - top)));
}

function normalised(values: readonly number[]): readonly number[] {
  const total = values.reduce((x, y) => x + y, 0);
  return values.map((value) => value / total);
}
