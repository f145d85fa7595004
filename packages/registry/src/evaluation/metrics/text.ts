import { known, type Measure, ratio, unknown } from './measure.js';

/** Whether two texts are the same, byte for byte or after `normalizeAnswer`. */
export function exactMatch(
  reference: string,
  hypothesis: string,
  options: { readonly normalize?: boolean } = {},
): boolean {
  return options.normalize ? normalizeAnswer(reference) === normalizeAnswer(hypothesis) : reference === hypothesis;
}

/** SQuAD's normal form: lower case, without punctuation, without English articles, with single spaces. */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, '')
    .replace(/\b(?:a|an|the)\b/g, ' ')
    .split(/\s+/)
    .filter(Boolean)
    .join(' ');
}

/** F1 of the tokens that two texts share (Rajpurkar et al. 2016). Undefined when neither has a token. */
export function tokenF1(
  reference: string,
  hypothesis: string,
  options: { readonly normalize?: boolean } = {},
): Measure {
  const split = (text: string) => words(options.normalize ? normalizeAnswer(text) : text);
  const [wanted, given] = [split(reference), split(hypothesis)];
  return ratio(2 * overlap(counts(wanted), counts(given)), wanted.length + given.length, 'neither text has a token');
}

/** Fewest insertions, deletions and substitutions between two sequences (Levenshtein); with `swaps` also of neighbours, each piece edited once (optimal string alignment). */
export function editDistance<T>(
  from: ArrayLike<T>,
  to: ArrayLike<T>,
  options: { readonly swaps?: boolean } = {},
): number {
  const width = to.length + 1;
  let before = new Uint32Array(width);
  let last = Uint32Array.from({ length: width }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = new Uint32Array(width);
    row[0] = i;
    for (let j = 1; j < width; j++) {
      const same = from[i - 1] === to[j - 1];
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + Number(!same));
      if (options.swaps && i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        best = Math.min(best, before[j - 2]! + 1);
      row[j] = best;
    }
    [before, last] = [last, row];
  }
  return last[to.length]!;
}

/** Word edits per word of the reference; above 1 when too much was written. Undefined for an empty reference. */
export function wordErrorRate(reference: string, hypothesis: string): Measure {
  const wanted = words(reference);
  return ratio(editDistance(wanted, words(hypothesis)), wanted.length, EMPTY);
}

/** Edits of code points per code point of the reference. Undefined for an empty reference. */
export function characterErrorRate(reference: string, hypothesis: string): Measure {
  const wanted = codePoints(reference);
  return ratio(editDistance(wanted, codePoints(hypothesis)), wanted.length, EMPTY);
}

/** Similarity of Jaro; `prefixWeight` (Winkler: 0.1) adds for up to four equal first code points. Undefined when a text is empty. */
export function jaro(reference: string, hypothesis: string, options: { readonly prefixWeight?: number } = {}): Measure {
  const [a, b] = [codePoints(reference), codePoints(hypothesis)];
  if (a.length === 0 || b.length === 0) return unknown('a text is empty');
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const taken = new Uint8Array(b.length);
  const matched: string[] = [];
  for (let i = 0; i < a.length; i++)
    for (let j = Math.max(0, i - reach); j < Math.min(b.length, i + reach + 1); j++)
      if (taken[j] === 0 && a[i] === b[j]) {
        taken[j] = 1;
        matched.push(a[i]!);
        break;
      }
  const others = b.filter((_, j) => taken[j] === 1);
  const m = matched.length;
  if (m === 0) return known(0, a.length);
  const moved = Math.floor(matched.filter((c, i) => c !== others[i]).length / 2);
  const similarity = (m / a.length + m / b.length + (m - moved) / m) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix++;
  return known(similarity + prefix * (options.prefixWeight ?? 0) * (1 - similarity), a.length);
}

/** Precision, recall and F1 of overlapping pieces. */
export interface OverlapScore {
  readonly precision: Measure;
  readonly recall: Measure;
  readonly f1: Measure;
}

/** ROUGE-N (Lin 2004) on words split at white space, without stemming. */
export function rouge(reference: string, hypothesis: string, n = 1): OverlapScore {
  const [wanted, given] = [ngrams(words(reference), n), ngrams(words(hypothesis), n)];
  return overlapScore(overlap(wanted, given), total(wanted), total(given));
}

/** ROUGE-L: the longest common subsequence of words. */
export function rougeL(reference: string, hypothesis: string): OverlapScore {
  const [wanted, given] = [words(reference), words(hypothesis)];
  return overlapScore(longestCommon(wanted, given), wanted.length, given.length);
}

/** Which pieces of text count, and what becomes of those without a match. */
export interface BleuOptions {
  /** Longest piece that counts. Default 4. */
  readonly maxN?: number | undefined;
  /**
   * What a length without a match counts as (Chen & Cherry 2014): `none` almost 0, `epsilon` 0.1 matches, `addOne` one
   * match and one piece more beyond single words, `geometric` 1/2, 1/4 … matches. Default `none`.
   */
  readonly smoothing?: 'none' | 'epsilon' | 'addOne' | 'geometric' | undefined;
}

/** Sentence BLEU (Papineni et al. 2002) against one reference, in nltk's definitions. Undefined when a text has no word; 0 when no word matches. */
export function bleu(reference: string, hypothesis: string, options: BleuOptions = {}): Measure {
  const { maxN = 4, smoothing = 'none' } = options;
  const [wanted, given] = [words(reference), words(hypothesis)];
  if (wanted.length === 0 || given.length === 0) return unknown('a text has no word');
  let halvings = 1;
  let sum = 0;
  for (let n = 1; n <= maxN; n++) {
    const pieces = ngrams(given, n);
    const matches = overlap(ngrams(wanted, n), pieces);
    const size = Math.max(1, total(pieces));
    if (n === 1 && matches === 0) return known(0, given.length);
    let precision = matches / size;
    if (smoothing === 'addOne' && n > 1) precision = (matches + 1) / (size + 1);
    else if (matches === 0) {
      if (smoothing === 'epsilon') precision = 0.1 / size;
      else precision = smoothing === 'geometric' ? 1 / (2 ** halvings++ * size) : SMALLEST;
    }
    sum += Math.log(precision) / maxN;
  }
  const brevity = given.length > wanted.length ? 1 : Math.exp(1 - wanted.length / given.length);
  return known(brevity * Math.exp(sum), given.length);
}

/** Google BLEU: the smaller of precision and recall over all pieces of one to four words (Wu et al. 2016). */
export function gleu(reference: string, hypothesis: string, maxN = 4): Measure {
  let [matches, wanted, given] = [0, 0, 0];
  for (let n = 1; n <= maxN; n++) {
    const [a, b] = [ngrams(words(reference), n), ngrams(words(hypothesis), n)];
    matches += overlap(a, b);
    wanted += total(a);
    given += total(b);
  }
  return ratio(matches, Math.max(wanted, given), 'neither text has a word');
}

/**
 * chrF (Popović 2015): F_β of pieces of one to six characters without white space, averaged over lengths as nltk does; a
 * length that one of the texts does not reach counts as 0. Default β = 3. Undefined when a text is empty.
 */
export function chrF(reference: string, hypothesis: string, beta = 3): Measure {
  const [wanted, given] = [reference, hypothesis].map((text) => codePoints(text.replace(/\s+/g, ''))) as [
    string[],
    string[],
  ];
  if (wanted.length === 0 || given.length === 0) return unknown('a text is empty');
  const b2 = beta * beta;
  let sum = 0;
  for (let n = 1; n <= CHRF_LENGTHS; n++) {
    const [a, b] = [ngrams(wanted, n), ngrams(given, n)];
    const matches = overlap(a, b);
    if (matches > 0) sum += ((1 + b2) * matches) / (b2 * total(a) + total(b));
  }
  return known(sum / CHRF_LENGTHS, wanted.length);
}

const EMPTY = 'the reference is empty';
const CHRF_LENGTHS = 6;
/** The smallest normal double, which nltk puts where a logarithm of 0 would be. */
const SMALLEST = 2 ** -1022;

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

function codePoints(text: string): string[] {
  return Array.from(text);
}

function ngrams(pieces: readonly string[], n: number): Map<string, number> {
  return counts(
    Array.from({ length: Math.max(0, pieces.length - n + 1) }, (_, i) => pieces.slice(i, i + n).join('\u0000')),
  );
}

function counts(pieces: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const piece of pieces) found.set(piece, (found.get(piece) ?? 0) + 1);
  return found;
}

function total(found: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of found.values()) sum += count;
  return sum;
}

function overlap(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [piece, count] of a) sum += Math.min(count, b.get(piece) ?? 0);
  return sum;
}

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let last = new Uint32Array(b.length + 1);
  for (const piece of a) {
    const row = new Uint32Array(b.length + 1);
    for (let j = 1; j <= b.length; j++)
      row[j] = piece === b[j - 1] ? last[j - 1]! + 1 : Math.max(last[j]!, row[j - 1]!);
    last = row;
  }
  return last[b.length]!;
}

function overlapScore(matches: number, wanted: number, given: number): OverlapScore {
  return {
    precision: ratio(matches, given, 'the hypothesis has no such piece'),
    recall: ratio(matches, wanted, 'the reference has no such piece'),
    f1: ratio(2 * matches, wanted + given, 'neither text has such a piece'),
  };
}
