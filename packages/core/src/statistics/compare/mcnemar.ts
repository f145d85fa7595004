import { invalidInput } from '../../foundation/errors.js';
import { binomialCdf, binomialPmf, binomialSf } from '../distribution/discrete.js';
import { chiSquareSf } from '../distribution/gamma.js';

/** Rows on which exactly one of two models was right. */
export interface Discordant {
  readonly onlyFirst: number;
  readonly onlySecond: number;
}

/** McNemar's test in its usual forms. Without a discordant row every p is 1: nothing speaks for a difference. */
export interface McNemarResult {
  readonly discordant: number;
  /** Exact two-sided, min(1, 2 P(X ≤ min)), X ~ Binomial(discordant, ½). */
  readonly exact: number;
  /** Two-sided mid-p (Fagerland, Lydersen & Laake 2013), the recommended default. */
  readonly midP: number;
  /** Exact one-sided p that the first model is better, P(X ≥ onlyFirst). */
  readonly firstBetter: number;
  /** Exact one-sided p that the second model is better. */
  readonly secondBetter: number;
  /** One-sided mid-p that the first model is better: the harm test when the first is the champion. */
  readonly firstBetterMidP: number;
  readonly secondBetterMidP: number;
  /** (b - c)² / (b + c) without continuity correction, and its p. */
  readonly chiSquare: number;
  readonly chiSquareP: number;
}

/** McNemar's test of two models on the same rows. @throws `input/invalid` */
export function mcnemar({ onlyFirst, onlySecond }: Discordant): McNemarResult {
  for (const [name, count] of [
    ['onlyFirst', onlyFirst],
    ['onlySecond', onlySecond],
  ] as const)
    if (!(count >= 0 && Number.isSafeInteger(count))) throw invalidInput(name, 'a whole count, 0 or more', count);
  const n = onlyFirst + onlySecond;
  if (n === 0)
    return {
      discordant: 0,
      exact: 1,
      midP: 1,
      firstBetter: 1,
      secondBetter: 1,
      firstBetterMidP: 1,
      secondBetterMidP: 1,
      chiSquare: 0,
      chiSquareP: 1,
    };
  const least = Math.min(onlyFirst, onlySecond);
  const tail = binomialCdf(least, n, 0.5);
  const pmf = binomialPmf(least, n, 0.5);
  const atLeastFirst = binomialSf(onlyFirst - 1, n, 0.5);
  const atLeastSecond = binomialSf(onlySecond - 1, n, 0.5);
  const chiSquare = (onlyFirst - onlySecond) ** 2 / n;
  return {
    discordant: n,
    exact: Math.min(1, 2 * tail),
    midP: onlyFirst === onlySecond ? 1 - pmf / 2 : Math.min(1, 2 * tail - pmf),
    firstBetter: atLeastFirst,
    secondBetter: atLeastSecond,
    firstBetterMidP: atLeastFirst - pmf / 2,
    secondBetterMidP: atLeastSecond - pmf / 2,
    chiSquare,
    chiSquareP: chiSquareSf(chiSquare, 1),
  };
}

/**
 * Cochran's Q: do k models have the same accuracy on the same rows? One 0/1 column per model. Rows on which all agree do
 * not count; with none left p is 1. @throws `input/invalid` for fewer than two models or unequal lengths
 */
export function cochranQ(models: readonly ArrayLike<number>[]): {
  readonly q: number;
  readonly df: number;
  readonly pValue: number;
} {
  const k = models.length;
  if (k < 2) throw invalidInput('models', 'two or more columns', k);
  const rows = models[0]!.length;
  const columns = new Float64Array(k);
  let grand = 0;
  let squares = 0;
  for (let i = 0; i < rows; i++) {
    let row = 0;
    for (let j = 0; j < k; j++) {
      if (models[j]!.length !== rows) throw invalidInput(`models[${j}]`, `${rows} rows`, models[j]!.length);
      const right = models[j]![i]!;
      row += right;
      columns[j] = columns[j]! + right;
    }
    grand += row;
    squares += row * row;
  }
  let spread = 0;
  for (let j = 0; j < k; j++) spread += columns[j]! * columns[j]!;
  const free = k * grand - squares;
  const q = free === 0 ? 0 : ((k - 1) * (k * spread - grand * grand)) / free;
  return { q, df: k - 1, pValue: chiSquareSf(q, k - 1) };
}
