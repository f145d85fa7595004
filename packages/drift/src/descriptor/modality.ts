import { mergePresence, type PresencePatterns } from '@millwright/core/profile';
import { compareCells } from '../test/distribution.js';
import { compareRates } from '../test/presence.js';
import type { TestOptions, TestResult } from '../test/types.js';

const DEFAULT_MARGIN = 0.02;

/** Which modalities are missing more or less often, and whether they go missing together in new ways. */
export interface ModalityDrift {
  /** Per modality: the share of rows that lack it (exact test for small counts). Margin 0.02. */
  readonly missing: Readonly<Record<string, TestResult>>;
  /** All combinations at once: an outage of two sensors together shows here. Margin 0.02. */
  readonly together: TestResult;
}

/** Compares presence with the reference's. @throws `profile/unmergeable` for other modalities */
export function modalityDrift(
  reference: PresencePatterns,
  current: PresencePatterns,
  options: TestOptions = {},
): ModalityDrift {
  // Refuses patterns of other columns.
  mergePresence(reference, current);
  const checked = { margin: DEFAULT_MARGIN, ...options };
  const { columns: modalities } = reference;
  const rate = ({ counts }: PresencePatterns, k: number) => ({
    count: counts.reduce((sum, count, pattern) => ((pattern >> k) & 1 ? sum : sum + count), 0),
    rows: counts.reduce((sum, count) => sum + count, 0),
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
        reference: reference.counts,
        current: current.counts,
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
