import { invalidInput, seededRandom } from '@millwright/core';
import { pairedLogE } from '@millwright/core/statistics';
import { murmur3 } from './murmur3.js';

/** One list made of two rankings, and whose each place is. */
export interface Interleaved<T> {
  readonly items: readonly T[];
  /** By place, the ranker that chose the item: 0 the champion, 1 the challenger. */
  readonly teams: readonly (0 | 1)[];
}

/**
 * Team-draft interleaving (Radlinski, Kurup & Joachims 2008; Chapelle et al. 2012): the rankers take turns in random order,
 * each adding its best item that is not there yet. Both are seen by the same people on the same page, so that a preference
 * shows in far fewer queries than with two groups. `key` (query and unit) decides the coins: the same key, the same list.
 */
export function interleave<T>(
  champion: readonly T[],
  challenger: readonly T[],
  options: {
    readonly key: string;
    readonly size?: number | undefined;
    readonly id?: ((item: T) => unknown) | undefined;
  },
): Interleaved<T> {
  const { key, id = (item: T) => item, size = Math.max(champion.length, challenger.length) } = options;
  if (!(Number.isInteger(size) && size >= 0)) throw invalidInput('size', 'a number of items of 0 or more', size);
  const coins = seededRandom(murmur3(key));
  const rankings = [champion, challenger] as const;
  const next = [0, 0] as [number, number];
  const picks = [0, 0] as [number, number];
  const seen = new Set<unknown>();
  const items: T[] = [];
  const teams: (0 | 1)[] = [];
  const skip = (team: 0 | 1) => {
    while (next[team] < rankings[team].length && seen.has(id(rankings[team][next[team]]!))) next[team]++;
    return next[team] < rankings[team].length;
  };
  while (items.length < size) {
    const can = [skip(0), skip(1)] as const;
    if (!can[0] && !can[1]) break;
    const turn = picks[0] === picks[1] ? (coins.next() < 0.5 ? 0 : 1) : picks[0] < picks[1] ? 0 : 1;
    const team = can[turn] ? turn : turn === 0 ? 1 : 0;
    const item = rankings[team][next[team]]!;
    seen.add(id(item));
    picks[team]++;
    items.push(item);
    teams.push(team);
  }
  return { items, teams };
}

/** Which ranker a query's clicks speak for: the one whose items got more; undefined for a tie or no clicks. */
export function interleavingWinner(teams: readonly (0 | 1)[], clicked: Iterable<number>): 0 | 1 | undefined {
  let lead = 0;
  for (const place of new Set(clicked)) {
    const team = teams[place];
    if (team === undefined) throw invalidInput('clicked', `places from 0 to ${teams.length - 1}`, place);
    lead += team === 1 ? 1 : -1;
  }
  return lead === 0 ? undefined : lead > 0 ? 1 : 0;
}

/** ln E against "both rankers win equally many queries", two sides; ties do not count. Valid after every query. */
export function interleavingLogE(wins: { readonly champion: number; readonly challenger: number }): number {
  return pairedLogE({ championOnly: wins.champion, challengerOnly: wins.challenger });
}
