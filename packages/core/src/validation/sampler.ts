import type { FailureSample, SampleValue } from './types.js';

/** How many failing rows a report shows, and whether it shows their values. */
export interface SampleOptions {
  /** How many failing rows each outcome lists. Default 20; 0 lists none. */
  readonly limit?: number | undefined;
  /** `masked` lists row numbers only, for columns with personal data. Default `shown`. */
  readonly values?: 'shown' | 'masked' | undefined;
}

/** The failing rows with the smallest numbers, whatever the order in which they are found. Bounded. */
export interface Sampler {
  readonly samples: readonly FailureSample[];
  /** False when a row of this number, or a later one, would not be kept. */
  wants(row: number): boolean;
  add(row: number, value: () => SampleValue): void;
  /** Takes over the samples of rows that come `offset` later. */
  merge(later: readonly FailureSample[], offset: number): void;
}

export function createSampler({ limit = 20, values = 'shown' }: SampleOptions = {}): Sampler {
  const samples: FailureSample[] = [];
  const wants = (row: number) => samples.length < limit || (limit > 0 && row < samples[limit - 1]!.row);
  const add = (row: number, value: () => SampleValue) => {
    if (!wants(row)) return;
    let at = samples.length;
    while (at > 0 && samples[at - 1]!.row > row) at--;
    samples.splice(at, 0, { row, value: values === 'masked' ? 'masked' : value() });
    if (samples.length > limit) samples.pop();
  };
  return {
    samples,
    wants,
    add,
    merge: (later, offset) => {
      for (const { row, value } of later) add(row + offset, () => value);
    },
  };
}
