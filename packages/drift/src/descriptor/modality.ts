import type { PresencePatterns } from '@millwright/core/profile';
import { compareRates, presenceTest } from '../test/presence.js';
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
  const together = presenceTest(reference, current, options);
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
    together,
  };
}
