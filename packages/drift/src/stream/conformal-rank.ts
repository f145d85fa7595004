import { betSides, errorPerSide, type RunLengthOptions, type Sides, sidesOf, wealthOf, withMargin } from './betting.js';
import { cellsOf, edgesAbove, edgesBelow, meanShareBelow } from './cells.js';
import { defineDetector } from './define.js';
import type { Direction } from './types.js';

/** The reference that values are ranked in, the change that counts, and the sizes of the bets. */
export interface ConformalRankOptions extends RunLengthOptions {
  /** Values of a time when nothing changed, of any scale; a few thousand make a baseline that costs little. */
  readonly reference?: ArrayLike<number> | undefined;
  /** Which change counts: larger values, smaller ones, or either. Default `both`. */
  readonly direction?: Direction | undefined;
  /** Ranks are told apart in so many steps. Default 63. */
  readonly cells?: number | undefined;
  /** Sizes of the bets as shares of the largest that cannot ruin. Default 0.1, 0.25, 0.6. */
  readonly shares?: readonly number[] | undefined;
}

/** The best for shifts by about 0.1, 0.2 and 0.45 deviations of a normal law; ranks vary less than rates, so they are larger than those of `eDetector`. */
const SHARES = [0.1, 0.25, 0.6] as const;
const CELLS = 63;

interface Checked extends Sides {
  readonly edges: readonly number[];
}

/**
 * An e-detector of conformal ranks (Vovk 2021; fixed reference): bets that values rank higher, or lower, in the reference
 * than values of the reference do. Any score and any scale; outliers count no more than others. The average time to an
 * alarm is at least `arl` while values are no larger (no smaller) in law than the reference's, given the past, for 90 % of
 * the references that could have been drawn: what a reference of this length leaves unknown is conceded to every bet.
 */
export const conformalRank = /* @__PURE__ */ defineDetector<ConformalRankOptions, Checked>({
  id: 'conformal-rank',
  version: 1,
  knob: { option: 'arl', from: 2, to: 1e12 },
  check,
  begin: wealthOf,
  step(state, options, value) {
    const { edges, threshold } = options;
    const below = edgesBelow(edges, value);
    const above = edgesAbove(edges, value, below);
    return betSides(state, options, below / edges.length, above / edges.length) < threshold ? 0 : 2;
  },
});

/** Checked options are accepted as they are: a snapshot holds them. */
function check(options: ConformalRankOptions | Checked): Checked {
  if ('edges' in options) return options;
  const { reference, direction = 'both', cells: count = CELLS, shares = SHARES, margin = 0 } = options;
  const { edges, ranks, rows } = cellsOf(reference, count);
  const error = errorPerSide(direction);
  const mirrored = ranks.map((rank) => rows + 1 - rank).reverse();
  const up = direction === 'down' ? undefined : withMargin(meanShareBelow({ ranks, rows }, error), margin);
  const down = direction === 'up' ? undefined : withMargin(meanShareBelow({ ranks: mirrored, rows }, error), margin);
  return { ...sidesOf(options, shares, { up, down }), edges };
}
