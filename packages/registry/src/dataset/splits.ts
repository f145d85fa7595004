import { invalidInput, type Need, type Verdict } from '@millwright/core';

/** One part of a dataset, by what its rows are about. All lists are in the order of its rows. */
export interface Split {
  /** What names a row: the same row must not be in two splits. */
  readonly ids: ArrayLike<string | number>;
  /** What must not be in two splits either, though the rows differ: a customer, a patient, an aircraft. */
  readonly groups?: ArrayLike<string | number> | undefined;
  /** When the row became known, milliseconds: what is learned from must be older than what is judged on. */
  readonly times?: ArrayLike<number> | undefined;
}

/** Whether one split tells what another should have to guess. */
export interface SplitReport {
  /** `pass` when nothing leaks; `insufficient` when fewer than two splits have rows. */
  readonly verdict: Verdict;
  readonly need: Need | undefined;
  readonly leaks: readonly SplitLeak[];
}

/** Rows of one split that another one tells too much about. */
export interface SplitLeak {
  /**
   * `id` or `group`: in both splits. `time`: no newer than the newest row of the earlier split. `duplicate`: twice in
   * one split.
   */
  readonly kind: 'id' | 'group' | 'time' | 'duplicate';
  /** The two splits, in the order given; one and the same for a duplicate. */
  readonly between: readonly [string, string];
  /** Rows of the later split that leak. */
  readonly rows: number;
  /** Up to ten of the ids or groups, or the newest time of the earlier split. */
  readonly samples: readonly (string | number)[];
}

/**
 * Checks splits for leakage: rows or groups that are in two of them, rows that come twice in one, and, where times are
 * given, rows of a later split that are not newer than all of an earlier one. Give the splits in the order in which they
 * are used: training, validation, test.
 *
 * @throws `input/invalid` for lists of different length or times that are NaN
 */
export function checkSplits(splits: Readonly<Record<string, Split>>): SplitReport {
  const all = Object.entries(splits);
  for (const [name, split] of all) checkLengths(name, split);
  const filled = all.filter(([, { ids }]) => ids.length > 0);
  const leaks: SplitLeak[] = [];
  filled.forEach(([name, split], i) => {
    const twice = duplicates(split.ids);
    add(leaks, 'duplicate', [name, name], twice);
    for (const [earlier, before] of filled.slice(0, i)) {
      add(leaks, 'id', [earlier, name], shared(before.ids, split.ids));
      if (before.groups !== undefined && split.groups !== undefined)
        add(leaks, 'group', [earlier, name], shared(before.groups, split.groups));
      if (before.times !== undefined && split.times !== undefined) {
        const newest = maxOf(before.times);
        const rows = Array.from(split.times).filter((time) => time <= newest).length;
        if (rows > 0) leaks.push({ kind: 'time', between: [earlier, name], rows, samples: [newest] });
      }
    }
  });
  const enough = filled.length >= 2;
  return {
    verdict: leaks.length > 0 ? 'fail' : enough ? 'pass' : 'insufficient',
    need: enough ? undefined : { rows: 1, what: 'rows in at least two splits' },
    leaks,
  };
}

function checkLengths(name: string, { ids, groups, times }: Split): void {
  for (const [what, list] of [
    ['groups', groups],
    ['times', times],
  ] as const)
    if (list !== undefined && list.length !== ids.length)
      throw invalidInput(`${name}.${what}`, `${ids.length} values, one per id`, list.length);
  for (let i = 0; i < (times?.length ?? 0); i++)
    if (Number.isNaN(times![i])) throw invalidInput(`${name}.times`, 'times that are numbers', Number.NaN);
}

function add(
  leaks: SplitLeak[],
  kind: SplitLeak['kind'],
  between: readonly [string, string],
  found: readonly (string | number)[],
): void {
  if (found.length > 0) leaks.push({ kind, between, rows: found.length, samples: [...new Set(found)].slice(0, 10) });
}

function shared(before: ArrayLike<string | number>, now: ArrayLike<string | number>): readonly (string | number)[] {
  const known = new Set(Array.from(before));
  return Array.from(now).filter((value) => known.has(value));
}

function duplicates(ids: ArrayLike<string | number>): readonly (string | number)[] {
  const seen = new Set<string | number>();
  return Array.from(ids).filter((id) => seen.size === seen.add(id).size);
}

function maxOf(values: ArrayLike<number>): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) if (values[i]! > max) max = values[i]!;
  return max;
}
