import { invalidInput, type Need, type Verdict } from '@millwright/core';
import { chiSquareSf, type Interval, newcombeDifference, normalQuantile } from '@millwright/core/statistics';

/** Whether labels come in other shares than before: the people, the rules or the world have changed. */
export interface LabelDrift {
  /** `pass`: no share has moved by more than the margin; `fail`: one has; `insufficient`: too few labels to tell. */
  readonly verdict: Verdict;
  /** Labels of each batch that are still needed, at the shares seen now. */
  readonly need: Need | undefined;
  readonly before: number;
  readonly after: number;
  /** Largest move first. */
  readonly labels: readonly LabelShift[];
  /** Pearson's chi-square test that both batches have the same shares; undefined with a batch empty or one label. */
  readonly pValue: number | undefined;
  /** Cramér's V: 0 none, 1 as different as can be. */
  readonly cramersV: number | undefined;
}

/** How the share of one label has moved. */
export interface LabelShift {
  readonly label: string;
  /** Items with this label, in each batch. */
  readonly before: number;
  readonly after: number;
  /** Share after minus share before. */
  readonly moved: number;
  /** Holds for all labels at once (Bonferroni over Newcombe's intervals). */
  readonly interval: Interval;
  readonly verdict: Verdict;
}

/** How far a share may move, and how sure the answer is. */
export interface LabelDriftOptions {
  /** A share may move by this much, as a fraction. Default 0.05. */
  readonly margin?: number | undefined;
  /** Confidence of all intervals together. Default 0.95. */
  readonly level?: number | undefined;
}

/**
 * Compares the labels of two batches. Bring them to one version of the taxonomy first (`taxonomies.upgrade`); undefined
 * labels, those that are gone, count as a label of their own, `(none)`.
 *
 * @throws `input/invalid` for a margin or a level that is none
 */
export function labelDrift(
  before: readonly (string | undefined)[],
  after: readonly (string | undefined)[],
  { margin = 0.05, level = 0.95 }: LabelDriftOptions = {},
): LabelDrift {
  if (!(margin > 0 && margin < 1)) throw invalidInput('margin', 'a fraction between 0 and 1', margin);
  if (!(level > 0 && level < 1)) throw invalidInput('level', 'a fraction between 0 and 1', level);
  const [first, second] = [countsOf(before), countsOf(after)];
  const names = [...new Set([...first.keys(), ...second.keys()])].sort();
  const [n, m] = [before.length, after.length];
  const each = 1 - (1 - level) / Math.max(1, names.length);
  const labels = names.map((label): LabelShift => {
    const [a, b] = [first.get(label) ?? 0, second.get(label) ?? 0];
    const interval = newcombeDifference({ count: b, n: m }, { count: a, n }, each);
    const verdict = verdictOf(interval, margin);
    return { label, before: a, after: b, moved: b / m - a / n, interval, verdict };
  });
  labels.sort((a, b) => Math.abs(b.moved) - Math.abs(a.moved));
  const empty = n === 0 || m === 0;
  const verdict = empty ? 'insufficient' : overall(labels);
  return {
    verdict,
    need: verdict === 'insufficient' ? { labels: needed(labels, { n, m, margin, level: each }) } : undefined,
    before: n,
    after: m,
    labels,
    ...chiSquare(labels, n, m),
  };
}

function countsOf(labels: readonly (string | undefined)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label ?? '(none)', (counts.get(label ?? '(none)') ?? 0) + 1);
  return counts;
}

function verdictOf({ lower, upper }: Interval, margin: number): Verdict {
  if (lower > margin || upper < -margin) return 'fail';
  return lower >= -margin && upper <= margin ? 'pass' : 'insufficient';
}

function overall(labels: readonly LabelShift[]): Verdict {
  if (labels.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return labels.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'insufficient';
}

interface Sizes {
  readonly n: number;
  readonly m: number;
  readonly margin: number;
  readonly level: number;
}

/** How many more labels each batch needs until the widest interval clears the margin, were the shares to stay as they are. */
function needed(labels: readonly LabelShift[], { n, m, margin, level }: Sizes): number {
  const z = normalQuantile(1 - (1 - level) / 2);
  let most = 0;
  for (const { before, after, moved, verdict } of labels) {
    if (verdict !== 'insufficient') continue;
    const [p, q] = [n === 0 ? 0.5 : before / n, m === 0 ? 0.5 : after / m];
    // A share that has moved by just the margin is never told; it is asked for a tenth of the margin then.
    const distance = Math.max(Math.abs(margin - Math.abs(moved || 0)), margin / 10);
    most = Math.max(most, (z * z * (p * (1 - p) + q * (1 - q))) / distance ** 2);
  }
  return Math.max(1, Math.ceil(most - Math.min(n, m)));
}

/** Pearson's test of homogeneity, as scipy's `chi2_contingency` without correction. */
function chiSquare(labels: readonly LabelShift[], n: number, m: number): Pick<LabelDrift, 'pValue' | 'cramersV'> {
  if (n === 0 || m === 0 || labels.length < 2) return { pValue: undefined, cramersV: undefined };
  let statistic = 0;
  for (const { before, after } of labels) {
    const share = (before + after) / (n + m);
    statistic += (before - n * share) ** 2 / (n * share) + (after - m * share) ** 2 / (m * share);
  }
  return { pValue: chiSquareSf(statistic, labels.length - 1), cramersV: Math.sqrt(statistic / (n + m)) };
}
