import { type Abortable, type Digest, digestJson, type Predictor, type Random, seededRandom } from '@millwright/core';
import { type Difference, meanDifference, rateDifference } from '../compare/paired.js';
import { known, type Measure, unknown } from '../metrics/measure.js';

/** A change of inputs that answers should withstand. */
export interface Perturbation<I> {
  readonly name: string;
  /** Returns a changed copy. */
  readonly apply: (input: I, random: Random) => I;
}

/** Rows whose truth is known, and what is done to them. */
export interface RobustnessOptions<I, O, T> extends Abortable {
  /** Which model this is: the report's challenger, `flight-delay@3`. */
  readonly subject: string;
  readonly rows: readonly { readonly input: I; readonly truth: T }[];
  readonly perturbations: readonly Perturbation<I>[];
  /** How good an answer is, higher is better: 1 or 0 for right or wrong, minus the error for a number. */
  readonly benefit: (output: O, truth: T) => number;
  /** Seed of what perturbations draw. Default 0. */
  readonly seed?: number | undefined;
}

/** One perturbation against the inputs as they are, on the same rows. */
export interface PerturbationResult {
  readonly name: string;
  readonly n: number;
  /** Inputs for which the predictor threw or the benefit is no number. */
  readonly failed: number;
  /** No answer's benefit changed. */
  readonly unchanged: boolean;
  readonly plain: Measure;
  readonly perturbed: Measure;
  /** perturbed - plain */
  readonly difference?: Difference;
}

/** What a robustness test found: plain JSON. */
export interface RobustnessReport {
  readonly schema: 'millwright.robustness@1';
  readonly subject: string;
  readonly seed: number;
  readonly rows: number;
  /** Inputs that failed without any change. */
  readonly failed: number;
  readonly perturbations: readonly PerturbationResult[];
  readonly digest: Digest;
}

/** Asks a predictor about inputs as they are and about changed ones. @throws the signal's reason when aborted */
export async function robustnessTest<I, O, T>(
  predictor: Predictor<I, O>,
  options: RobustnessOptions<I, O, T>,
): Promise<RobustnessReport> {
  const { subject, rows, perturbations, benefit, seed = 0, signal } = options;
  const context = signal === undefined ? {} : { signal };
  const measure = async (change: (input: I) => I) => {
    const values = new Float64Array(rows.length);
    for (const [i, { input, truth }] of rows.entries()) {
      signal?.throwIfAborted();
      try {
        values[i] = benefit(await predictor.predict(change(input), context), truth);
      } catch {
        signal?.throwIfAborted();
        values[i] = Number.NaN;
      }
    }
    return values;
  };
  const plain = await measure((input) => input);
  const results: PerturbationResult[] = [];
  for (const { name, apply } of perturbations) {
    const random = seededRandom(seed);
    results.push(resultOf(name, plain, await measure((input) => apply(input, random))));
  }
  const body = {
    schema: 'millwright.robustness@1' as const,
    subject,
    seed,
    rows: rows.length,
    failed: plain.filter(Number.isNaN).length,
    perturbations: results,
  };
  return { ...body, digest: digestJson(body) };
}

/** The input without a field: a sensor that is gone, a value that nobody gave. */
export function withoutField<I extends Readonly<Record<string, unknown>>>(field: keyof I & string): Perturbation<I> {
  return {
    name: `without ${field}`,
    apply: (input) => Object.fromEntries(Object.entries(input).filter(([name]) => name !== field)) as I,
  };
}

/** A number of the input moved by up to `amount`, evenly to both sides. */
export function shakeField<I extends Readonly<Record<string, unknown>>>(
  field: keyof I & string,
  amount: number,
): Perturbation<I> {
  return {
    name: `${field} ± ${amount}`,
    apply: (input, random) => {
      const value = input[field];
      return typeof value === 'number' ? { ...input, [field]: value + (2 * random.next() - 1) * amount } : input;
    },
  };
}

function resultOf(name: string, plain: Float64Array, perturbed: Float64Array): PerturbationResult {
  let [n, sum, squares, before, after, failed, changed] = [0, 0, 0, 0, 0, 0, 0];
  const rightness = { both: 0, onlyChampion: 0, onlyChallenger: 0, neither: 0 };
  let binary = true;
  for (let i = 0; i < plain.length; i++) {
    const [a, b] = [plain[i]!, perturbed[i]!];
    if (Number.isNaN(b)) failed++;
    if (Number.isNaN(a + b)) continue;
    n++;
    if (a !== b) changed++;
    sum += b - a;
    squares += (b - a) ** 2;
    before += a;
    after += b;
    if ((a !== 0 && a !== 1) || (b !== 0 && b !== 1)) binary = false;
    rightness[a === 1 ? (b === 1 ? 'both' : 'onlyChampion') : b === 1 ? 'onlyChallenger' : 'neither']++;
  }
  const difference = binary ? rateDifference(rightness) : meanDifference(n, sum, squares);
  const mean = (total: number) => (n > 0 ? known(total / n, n) : unknown('there is no row'));
  return {
    name,
    n,
    failed,
    unchanged: n > 0 && changed === 0,
    plain: mean(before),
    perturbed: mean(after),
    ...(difference === undefined ? {} : { difference }),
  };
}
