import { invalidInput } from '../../foundation/errors.js';
import { logGamma } from '../distribution/gamma-function.js';

/**
 * ln E against "units split over any number of arms by these shares", with a Dirichlet prior around them (Lindon & Malek
 * 2022): the sequential sample-ratio test for more than two arms. `concentration` says how near the alternatives lie:
 * larger finds small imbalances sooner. Counts are cumulative; shares constant. For two arms and shares that change, see
 * `imbalanceLogE`. @throws `input/invalid`
 */
export function splitLogE(
  counts: readonly number[],
  shares: readonly number[],
  { concentration = 1_000 }: { readonly concentration?: number | undefined } = {},
): number {
  if (counts.length !== shares.length || !shares.every((share) => share > 0))
    throw invalidInput('shares', `${counts.length} shares above 0`, shares.join(', '));
  if (!(concentration > 0)) throw invalidInput('concentration', 'a number above 0', concentration);
  const whole = shares.reduce((a, b) => a + b, 0);
  let total = 0;
  let logE = 0;
  counts.forEach((count, i) => {
    if (!(count >= 0)) throw invalidInput(`counts[${i}]`, 'a count of 0 or more', count);
    const share = shares[i]! / whole;
    const prior = concentration * share;
    logE += logGamma(prior + count) - logGamma(prior) - count * Math.log(share);
    total += count;
  });
  return logE + logGamma(concentration) - logGamma(concentration + total);
}
