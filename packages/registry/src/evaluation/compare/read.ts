import { type Digest, invalidInput } from '@millwright/core';
import type { Task } from '../metrics/catalogue.js';
import { BINARY_CELLS, binaryCells, EXCLUDED, PAIRED_CELLS, pairedCells } from './cells.js';
import { type AlignedPredictions, align, digestNumbers, type Predictions, toNumbers, type Values } from './inputs.js';
import type { EvaluationReport } from './report.js';
import { type CodedSlice, codeSlice, crossSlices, type SliceSource } from './slices.js';
import type { ComparedRows } from './tally.js';
import { unitsOf } from './units.js';

/** Rows of both models and what they are cut by. */
export interface GivenRows {
  /** What is true, one value per row: 0/1 for a binary task, class indices, or numbers. Missing truth (NaN, null) is left out and counted. */
  readonly truth: Values;
  /** Ids of the truth's rows, for answers in another order. */
  readonly rowIds?: ArrayLike<string | number> | undefined;
  readonly champion: Predictions | Values;
  readonly challenger: Predictions | Values;
  /** By name: columns, codes with labels, or one value per row. */
  readonly slices?: Readonly<Record<string, SliceSource>> | undefined;
}

/** How rows are read. */
export interface ReadOptions {
  readonly task: Task;
  readonly threshold: number;
  readonly cross?: readonly (readonly string[])[] | undefined;
  readonly units?: ArrayLike<string | number> | undefined;
}

/** Rows with everything that one pass says of them. */
export interface ReadRows extends ComparedRows {
  readonly task: Task;
  /** Scores at or above are positive. */
  readonly cut: { readonly champion: number; readonly challenger: number };
  readonly slices: readonly CodedSlice[];
  readonly facts: EvaluationReport['rows'];
  /** By name: `truth`, `champion`, `challenger`, `slice:origin`. */
  readonly digests: Readonly<Record<string, Digest>>;
}

/**
 * Reads and joins both sides and gives every row its cell.
 *
 * @throws `evaluation/unmatched` when a side has another number of rows and there are no row ids, `input/invalid`
 */
export function readRows(given: GivenRows, { task, threshold, cross, units }: ReadOptions): ReadRows {
  const truth = toNumbers('truth', given.truth);
  const rows = truth.length;
  if (given.rowIds !== undefined && given.rowIds.length !== rows)
    throw invalidInput('rowIds', `${rows} ids, one per row`, given.rowIds.length);
  const champion = align('champion', given.champion, given.rowIds, rows);
  const challenger = align('challenger', given.challenger, given.rowIds, rows);
  checkTruth(task, truth);
  if (task === 'multiclass') {
    checkClasses('champion', champion.values);
    checkClasses('challenger', challenger.values);
  }
  const cut = { champion: cutOf(champion, threshold), challenger: cutOf(challenger, threshold) };
  const cells =
    task === 'binary'
      ? binaryCells(truth, champion.values, challenger.values, cut.champion, cut.challenger)
      : pairedCells(truth, champion.values, challenger.values);
  const slices = readSlices(given.slices ?? {}, cross ?? [], rows);
  return {
    task,
    truth,
    champion,
    challenger,
    cells,
    cut,
    width: task === 'binary' ? BINARY_CELLS : PAIRED_CELLS,
    units: units === undefined ? undefined : unitsOf(units, rows),
    slices,
    facts: factsOf(truth, champion, challenger, cells),
    digests: Object.fromEntries([
      ['truth', digestNumbers(truth)],
      ['champion', champion.digest],
      ['challenger', challenger.digest],
      ...slices.map((slice) => [`slice:${slice.name}`, slice.digest] as const),
    ]),
  };
}

/** Truth and values of the rows that count. */
export function countedRows(rows: ReadRows): Pick<ReadRows, 'task' | 'truth' | 'champion' | 'challenger'> {
  if (rows.facts.considered === rows.cells.length) return rows;
  const only = (values: Float64Array) => values.filter((_, i) => rows.cells[i] !== EXCLUDED);
  return {
    task: rows.task,
    truth: only(rows.truth),
    champion: { ...rows.champion, values: only(rows.champion.values) },
    challenger: { ...rows.challenger, values: only(rows.challenger.values) },
  };
}

function cutOf({ areScores, threshold }: AlignedPredictions, fallback: number): number {
  return areScores ? (threshold ?? fallback) : 1;
}

function checkTruth(task: Task, truth: Float64Array): void {
  if (task === 'multiclass') checkClasses('truth', truth);
  if (task !== 'binary') return;
  for (let i = 0; i < truth.length; i++) {
    const y = truth[i]!;
    if (y !== 0 && y !== 1 && !Number.isNaN(y))
      throw invalidInput(
        `truth[${i}]`,
        '0, 1 or missing',
        y,
        'For other truths pass `task: "multiclass"` or `"regression"`.',
      );
  }
}

function checkClasses(name: string, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const c = values[i]!;
    if (!(c >= 0 && Number.isInteger(c)) && !Number.isNaN(c))
      throw invalidInput(`${name}[${i}]`, 'a class index or missing', c);
  }
}

function readSlices(
  sources: Readonly<Record<string, SliceSource>>,
  cross: readonly (readonly string[])[],
  rows: number,
): CodedSlice[] {
  const slices = Object.entries(sources).map(([name, source]) => codeSlice(name, source, rows));
  for (const names of cross) {
    if (names.length < 2) throw invalidInput('cross', 'two or more slice names', names.length);
    slices.push(
      crossSlices(
        names.map((name) => {
          const slice = slices.find((s) => s.name === name);
          if (slice) return slice;
          throw invalidInput('cross', `names of slices (${slices.map((s) => s.name).join(', ')})`, name);
        }),
      ),
    );
  }
  return slices;
}

function factsOf(
  truth: Float64Array,
  champion: AlignedPredictions,
  challenger: AlignedPredictions,
  cells: Uint8Array,
): EvaluationReport['rows'] {
  let withoutTruth = 0;
  let championInvalid = 0;
  let challengerInvalid = 0;
  let considered = 0;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] !== EXCLUDED) {
      considered++;
      continue;
    }
    if (Number.isNaN(truth[i])) withoutTruth++;
    else {
      if (Number.isNaN(champion.values[i])) championInvalid++;
      if (Number.isNaN(challenger.values[i])) challengerInvalid++;
    }
  }
  return {
    given: cells.length,
    considered,
    withoutTruth,
    championInvalid,
    challengerInvalid,
    unmatched: champion.unmatched + challenger.unmatched,
  };
}
