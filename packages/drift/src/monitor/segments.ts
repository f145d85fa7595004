import { mergeProfiles, profileTable, type TableProfile } from '@millwright/core/profile';
import { columnOf, readStrings, type Table, takeRows } from '@millwright/core/table';
import { showShare } from '../show.js';
import { type AssessOptions, compareProfiles, plansOf } from './assess.js';
import type { Assessment, SegmentedReference, SegmentShare } from './types.js';

/**
 * Profiles of the reference's rows by segment: airport, device, customer group. Give them to the monitor as `segments`: its
 * records then say where a change is.
 *
 * @throws `table/column`
 */
export function segmentedReference(
  table: Table,
  options: {
    /** The profile of the whole: segments are counted in its cells. */
    readonly reference: TableProfile;
    /** The column that names a row's segment. */
    readonly by: string;
    /** Segments with fewer rows are left out. Default 200. */
    readonly leastRows?: number | undefined;
  },
): SegmentedReference {
  const { reference, by, leastRows = 200 } = options;
  const whole = profileSegments(table, by, reference, [...reference.columns.keys()]);
  const profiles = new Map([...whole].filter(([, { rowCount }]) => rowCount >= leastRows));
  return {
    by,
    profiles,
    count: (rows, columns) => profileSegments(rows, by, reference, columns),
    merge: mergeSegments,
    attribute(assessment, now, asked) {
      const shares = attributeSegments(assessment, profiles, now, reference, asked);
      return { shares, sentence: sentenceWith(assessment.sentence, shares) };
    },
  };
}

/** One profile per value of `by`; rows without one are in none. @throws `table/column` */
function profileSegments(
  table: Table,
  by: string,
  reference: TableProfile,
  columns: readonly string[],
): ReadonlyMap<string, TableProfile> {
  const members = new Map<string, number[]>();
  for (const [row, name] of readStrings(columnOf(table, by)).entries()) {
    if (name === null) continue;
    const rows = members.get(name);
    if (rows === undefined) members.set(name, [row]);
    else rows.push(row);
  }
  const profileOf = (rows: readonly number[]) =>
    profileTable(takeRows(table, Int32Array.from(rows)), { reference, columns });
  return new Map([...members].map(([name, rows]) => [name, profileOf(rows)]));
}

/** Adds the segments of more rows. */
function mergeSegments(
  a: ReadonlyMap<string, TableProfile>,
  b: ReadonlyMap<string, TableProfile>,
): ReadonlyMap<string, TableProfile> {
  const merged = new Map(a);
  for (const [name, profile] of b) {
    const before = merged.get(name);
    merged.set(name, before === undefined ? profile : mergeProfiles(before, profile));
  }
  return merged;
}

/** How many segments a record names. */
const MAX_SEGMENTS = 8;

/** Compares every segment with itself, in the checks that found drift; the largest share first. */
function attributeSegments(
  assessment: Assessment,
  before: ReadonlyMap<string, TableProfile>,
  now: ReadonlyMap<string, TableProfile>,
  reference: TableProfile,
  options: AssessOptions,
): readonly SegmentShare[] {
  const found = assessment.checks.filter(
    ({ verdict, check, result }) => verdict === 'drift' && check !== 'presence' && result !== undefined,
  );
  const plans = plansOf(reference, options.columns);
  const columns = Object.fromEntries(found.map(({ column }) => [column, plans.get(column) ?? {}]));
  const names = [...before.keys()].filter((name) => now.has(name));
  const total = { reference: rowsOf(before), current: rowsOf(now) };
  const compared = names.map((name) => compareProfiles(before.get(name)!, now.get(name)!, { ...options, columns }));
  return found
    .flatMap(({ column, check }) => {
      const moved = compared.map(({ checks }, i) => {
        const effect = checks.find((one) => one.column === column && one.check === check)?.result?.effect ?? Number.NaN;
        return { segment: names[i]!, effect, weight: (effect || 0) * now.get(names[i]!)!.rowCount };
      });
      const sum = moved.reduce((all, { weight }) => all + weight, 0);
      return moved.map(({ segment, effect, weight }) => ({
        column,
        check,
        segment,
        rows: {
          reference: before.get(segment)!.rowCount / total.reference,
          current: now.get(segment)!.rowCount / total.current,
        },
        effect,
        share: sum === 0 ? 0 : weight / sum,
      }));
    })
    .sort((a, b) => b.share - a.share)
    .slice(0, MAX_SEGMENTS);
}

/** One segment of many is named from a share of a half on. */
const MOST = 0.5;

/** The sentence also says where, when one segment holds most of the change that it is about. */
function sentenceWith(sentence: string, shares: readonly SegmentShare[]): string {
  const first = shares.find(({ column }) => sentence.startsWith(column));
  if (first === undefined || first.share < MOST) return sentence;
  return sentence.replace(/\.$/, `; ${showShare(first.share)} of it in \`${first.segment}\`.`);
}

function rowsOf(profiles: ReadonlyMap<string, TableProfile>): number {
  let rows = 0;
  for (const { rowCount } of profiles.values()) rows += rowCount;
  return rows;
}
