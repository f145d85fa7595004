import { invalidInput } from '@millwright/core';
import { compareCells } from '../test/distribution.js';
import { compareRates } from '../test/presence.js';
import type { TestOptions, TestResult } from '../test/types.js';

/** How often each combination of present modalities occurred. Adds up in any order. */
export interface ModalityCounts {
  readonly modalities: readonly string[];
  /** Slot `pattern`: bit k is set when modality k was there. */
  readonly patterns: Float64Array;
}

/** More would make tables that no traffic fills. */
const MAX_MODALITIES = 10;
const DEFAULT_MARGIN = 0.02;

/** Counts of no row yet. @throws `input/invalid` for no or more than ten modalities */
export function modalityCounts(modalities: readonly string[]): ModalityCounts {
  if (modalities.length === 0 || modalities.length > MAX_MODALITIES)
    throw invalidInput('modalities', `1 to ${MAX_MODALITIES} names`, modalities.length);
  return { modalities, patterns: new Float64Array(2 ** modalities.length) };
}

/** Counts one row in place: what is undefined or null was missing. */
export function countModalities(
  { modalities, patterns }: ModalityCounts,
  row: Readonly<Record<string, unknown>>,
): void {
  let pattern = 0;
  modalities.forEach((name, k) => {
    if (row[name] !== undefined && row[name] !== null) pattern |= 1 << k;
  });
  patterns[pattern]!++;
}

/** Both together. @throws `input/invalid` for other modalities */
export function mergeModalities(a: ModalityCounts, b: ModalityCounts): ModalityCounts {
  checkSame(a, b);
  return { modalities: a.modalities, patterns: a.patterns.map((count, k) => count + b.patterns[k]!) };
}

/** Which modalities are missing more or less often, and whether they go missing together in new ways. */
export interface ModalityDrift {
  /** Per modality: the share of rows that lack it (exact test for small counts). Margin 0.02. */
  readonly missing: Readonly<Record<string, TestResult>>;
  /** All combinations at once: an outage of two sensors together shows here. Margin 0.02. */
  readonly together: TestResult;
}

/** Compares presence with the reference's. @throws `input/invalid` for other modalities */
export function modalityDrift(
  reference: ModalityCounts,
  current: ModalityCounts,
  options: TestOptions = {},
): ModalityDrift {
  checkSame(reference, current);
  const checked = { margin: DEFAULT_MARGIN, ...options };
  const { modalities } = reference;
  const rate = ({ patterns }: ModalityCounts, k: number) => ({
    count: patterns.reduce((sum, count, pattern) => ((pattern >> k) & 1 ? sum : sum + count), 0),
    rows: patterns.reduce((sum, count) => sum + count, 0),
  });
  return {
    missing: Object.fromEntries(
      modalities.map((name, k) => [
        name,
        compareRates(
          'missing-modality',
          `difference of the share without ${name}`,
          rate(reference, k),
          rate(current, k),
          checked,
        ),
      ]),
    ),
    together: compareCells(
      {
        reference: reference.patterns,
        current: current.patterns,
        ordered: false,
        label: (pattern) => nameOf(modalities, pattern),
      },
      checked,
    ),
  };
}

function nameOf(modalities: readonly string[], pattern: number): string {
  const present = modalities.filter((_, k) => (pattern >> k) & 1);
  return present.length === 0
    ? 'nothing'
    : present.length === modalities.length
      ? 'all'
      : `only ${present.join(' and ')}`;
}

function checkSame(a: ModalityCounts, b: ModalityCounts): void {
  if (a.modalities.join('\n') !== b.modalities.join('\n'))
    throw invalidInput('modalities', a.modalities.join(', '), b.modalities.join(', '));
}
