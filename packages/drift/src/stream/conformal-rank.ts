import { defined } from '@millwright/core';
import { bet, type RunLengthOptions, type Stakes, stakes } from './betting.js';
import { cellsOf, edgesAbove, edgesBelow, meanShareBelow } from './cells.js';
import type { Direction } from './control-chart.js';
import { defineDetector } from './define.js';
import { betsOf, CONFIDENCE } from './e-detector.js';

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

interface Checked extends Stakes {
  readonly edges: readonly number[];
  /** Baselines of the share of edges below a value and above it; undefined where that side does not count. */
  readonly up?: number | undefined;
  readonly down?: number | undefined;
  readonly upBets: readonly number[];
  readonly downBets: readonly number[];
}

/**
 * An e-detector of conformal ranks (Vovk 2021; fixed reference): bets that values rank higher, or lower, in the reference
 * than values of the reference do. Any score and any scale; outliers count no more than others. The average time to an
 * alarm is at least `arl` while values are no larger (no smaller) in law than the reference's, given the past, for 90 % of
 * the references that could have been drawn: what a reference of this length leaves unknown is conceded to every bet.
 */
export const conformalRank = defineDetector<ConformalRankOptions, Checked>({
  id: 'conformal-rank',
  version: 1,
  knob: { option: 'arl', from: 2, to: 1e12 },
  check,
  begin: ({ upBets, downBets, first }) => new Float64Array(upBets.length + downBets.length).fill(first),
  step(state, options, value) {
    const { edges, up, down, upBets, downBets, threshold } = options;
    const below = edgesBelow(edges, value);
    let wealth = 0;
    if (up !== undefined) wealth += bet(state, 0, upBets, below / edges.length - up, options);
    if (down !== undefined) {
      const above = edgesAbove(edges, value, below) / edges.length;
      wealth += bet(state, upBets.length, downBets, above - down, options);
    }
    return wealth < threshold ? 0 : 2;
  },
});

/** Checked options are accepted as they are: a snapshot holds them. */
function check(options: ConformalRankOptions | Checked): Checked {
  if ('edges' in options) return options;
  const { reference, direction = 'both', cells: count = CELLS, shares = SHARES } = options;
  const { edges, ranks, rows } = cellsOf(reference, count);
  const error = (1 - CONFIDENCE) / (direction === 'both' ? 2 : 1);
  const mirrored = ranks.map((rank) => rows + 1 - rank).reverse();
  const up = direction === 'down' ? undefined : meanShareBelow({ ranks, rows }, error);
  const down = direction === 'up' ? undefined : meanShareBelow({ ranks: mirrored, rows }, error);
  const upBets = up === undefined ? [] : betsOf(shares, up);
  const downBets = down === undefined ? [] : betsOf(shares, down);
  return { ...stakes(options, upBets.length + downBets.length), ...defined({ up, down }), edges, upBets, downBets };
}
