import { invalidInput } from '@millwright/core';
import { betaCdf, logBeta, normalSf } from '@millwright/core/statistics';

/** What is believed about one arm's mean reward. */
export type Posterior =
  | { readonly kind: 'beta'; readonly successes: number; readonly failures: number }
  | { readonly kind: 'gaussian'; readonly mean: number; readonly sd: number };

/**
 * The probability of each arm to be the best: Thompson sampling's weights without drawing, by quadrature (relative error
 * below 1e-8), so that replicas and replays agree. Beta parameters are given as counts; add the prior to them.
 */
export function probabilityBest(arms: readonly Posterior[], better: 'higher' | 'lower' = 'higher'): readonly number[] {
  if (arms.length === 0) throw invalidInput('arms', 'at least one arm', arms.length);
  const laws = arms.map(lawOf);
  const from = Math.min(...laws.map(({ from: low }) => low));
  const to = Math.max(...laws.map(({ to: high }) => high));
  const width = (to - from) / PANELS;
  const out = new Array<number>(arms.length).fill(0);
  for (let panel = 0; panel < PANELS; panel++) {
    for (let node = 0; node < NODES.length; node++) {
      const x = from + width * (panel + 0.5 + NODES[node]! / 2);
      const below = laws.map(({ cdf }) => (better === 'higher' ? cdf(x) : 1 - cdf(x)));
      for (let i = 0; i < laws.length; i++) {
        let others = (laws[i]!.pdf(x) * WEIGHTS[node]! * width) / 2;
        for (let j = 0; j < laws.length; j++) if (j !== i) others *= below[j]!;
        out[i] = out[i]! + others;
      }
    }
  }
  const sum = out.reduce((a, b) => a + b, 0);
  return out.map((p) => p / sum);
}

/**
 * Top-two Thompson sampling (Russo 2016), from Thompson's weights and without drawing: the arm that Thompson picks is given
 * with probability `beta`, else the best of the others in a second pick. It learns faster which arm is best, because the
 * leader does not get nearly everything: ψᵢ = αᵢ (β + (1 - β) Σ_{j≠i} αⱼ / (1 - αⱼ)).
 */
export function topTwoWeights(
  weights: readonly number[],
  options: { readonly beta?: number | undefined } = {},
): readonly number[] {
  const { beta = 0.5 } = options;
  const total = weights.reduce((a, b) => a + b, 0);
  if (weights.length < 2) throw invalidInput('weights', 'at least two arms', weights.length);
  if (!(total > 0) || weights.some((w) => !(w >= 0)))
    throw invalidInput('weights', 'weights of 0 or more', weights.join());
  if (!(beta > 0 && beta <= 1)) throw invalidInput('beta', 'a probability above 0', beta);
  const picked = weights.map((w) => w / total);
  // Added up, for 1 - α of an arm that is nearly certain has no digits left.
  const others = picked.map((_, i) => picked.reduce((sum, p, j) => (j === i ? sum : sum + p), 0));
  const after = (first: number, i: number) =>
    others[first] === 0 ? 1 / (picked.length - 1) : picked[i]! / others[first]!;
  return picked.map((p, i) =>
    picked.reduce((sum, q, first) => (first === i ? sum : sum + (1 - beta) * q * after(first, i)), beta * p),
  );
}

/** What keeps shares safe. */
export interface GuardedSharesOptions {
  /** Index of the champion. Default 0. */
  readonly champion?: number | undefined;
  /** Every arm keeps at least this, as an additive floor: p = f + (1 - n f) w. Default 0.01. */
  readonly floor?: number | undefined;
  /** The champion keeps at least this. Default 0.2. */
  readonly championFloor?: number | undefined;
  /** No other arm gets more than this, until its promotion is proved. Default 1. */
  readonly challengerCap?: number | undefined;
  /** The shares now in force. Default: none are. */
  readonly previous?: readonly number[] | undefined;
  /** How far each share may move from `previous` in one epoch. Default 1: as far as wanted. */
  readonly maxStep?: number | undefined;
}

/** Turns a bandit's weights into shares that are safe in production: floors, caps, and small steps. They sum to 1. */
export function guardedShares(weights: readonly number[], options: GuardedSharesOptions = {}): readonly number[] {
  const { champion = 0, floor = 0.01, championFloor = 0.2, challengerCap = 1, previous, maxStep = 1 } = options;
  const n = weights.length;
  const total = weights.reduce((a, b) => a + b, 0);
  if (!(total > 0) || weights.some((w) => !(w >= 0)))
    throw invalidInput('weights', 'weights of 0 or more', weights.join());
  if (!(floor >= 0 && floor * n <= 1)) throw invalidInput('floor', `a share of at most 1/${n}`, floor);
  let shares = weights.map((w) => floor + (1 - n * floor) * (w / total));
  shares = shares.map((p, i) => (i === champion ? p : Math.min(p, challengerCap)));
  const rest = shares.reduce((sum, p, i) => (i === champion ? sum : sum + p), 0);
  const room = 1 - Math.max(championFloor, 1 - rest);
  shares = shares.map((p, i) => (i === champion ? 1 - room : rest === 0 ? 0 : (p * room) / rest));
  if (previous === undefined) return shares;
  const farthest = Math.max(...shares.map((p, i) => Math.abs(p - previous[i]!)));
  const part = farthest > maxStep ? maxStep / farthest : 1;
  return shares.map((p, i) => previous[i]! + part * (p - previous[i]!));
}

/**
 * Inverse gap weighting (Simchi-Levi & Xu 2021) over predicted rewards: p = max(1 / (K + γ (top - score)), floor / K), the
 * rest to the best arm.
 */
export function inverseGapWeights(
  scores: readonly number[],
  options: { readonly gamma: number; readonly floor?: number | undefined },
): readonly number[] {
  const { gamma, floor = 0 } = options;
  const k = scores.length;
  const top = scores.indexOf(Math.max(...scores));
  const weights = scores.map((score) => Math.max(1 / (k + gamma * (scores[top]! - score)), floor / k));
  const others = weights.reduce((sum, w, i) => (i === top ? sum : sum + w), 0);
  return weights.map((w, i) => (i === top ? 1 - others : w));
}

/** EXP3 (Auer et al. 2002) for rewards in [0, 1] that an adversary may choose. State: one log weight per arm, zeros at first. */
export function exp3Shares(logWeights: readonly number[], gamma: number): readonly number[] {
  const top = Math.max(...logWeights);
  const weights = logWeights.map((w) => Math.exp(w - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => ((1 - gamma) * w) / sum + gamma / weights.length);
}

/** The state after a reward of `arm`, which was chosen with probability `share`. */
export function exp3Update(
  logWeights: readonly number[],
  seen: { readonly arm: number; readonly share: number; readonly reward: number; readonly gamma: number },
): readonly number[] {
  const { arm, share, reward, gamma } = seen;
  if (!(reward >= 0 && reward <= 1)) throw invalidInput('reward', 'a number between 0 and 1', reward);
  return logWeights.map((w, i) => (i === arm ? w + (gamma * reward) / share / logWeights.length : w));
}

interface Law {
  readonly from: number;
  readonly to: number;
  pdf(x: number): number;
  cdf(x: number): number;
}

/** Beyond this many standard deviations nothing is left at double precision. */
const REACH = 9;

function lawOf(posterior: Posterior): Law {
  if (posterior.kind === 'gaussian') {
    const { mean, sd } = posterior;
    if (!(sd > 0)) throw invalidInput('sd', 'a positive number', sd);
    return {
      from: mean - REACH * sd,
      to: mean + REACH * sd,
      pdf: (x) => Math.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI)),
      cdf: (x) => normalSf((mean - x) / sd),
    };
  }
  const { successes: a, failures: b } = posterior;
  if (!(a > 0 && b > 0)) throw invalidInput('posterior', 'positive counts (prior included)', `${a}, ${b}`);
  const mean = a / (a + b);
  const sd = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
  const scale = logBeta(a, b);
  return {
    from: Math.max(0, mean - 2 * REACH * sd),
    to: Math.min(1, mean + 2 * REACH * sd),
    pdf: (x) => (x <= 0 || x >= 1 ? 0 : Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - scale)),
    cdf: (x) => (x <= 0 ? 0 : x >= 1 ? 1 : betaCdf(x, a, b)),
  };
}

/** Gauss-Legendre, five nodes per panel. */
const PANELS = 200;
const NODES = [-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664] as const;
const WEIGHTS = [
  0.23692688505618908, 0.47862867049936647, 0.5688888888888889, 0.47862867049936647, 0.23692688505618908,
] as const;
