import { type Random, seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { type Table, tableFrom } from '@millwright/core/table';
import { createMonitor } from '@millwright/drift';

export interface QuietFacts {
  readonly runs: number;
  /** Runs in which any of the columns alarmed in any of the windows. */
  readonly alarmed: number;
  readonly windows: number;
  /** Windows whose smallest adjusted p-value is at most 5 %: what alarms would be if a window could spend that much. */
  readonly atFive: number;
  /** p-values of single checks at or below 5 %, and how many there were. */
  readonly unadjusted: number;
  readonly checks: number;
}

const WINDOWS = 30;
const ROWS = 100;

/**
 * 200 columns in which nothing changes, 30 windows, through a monitor without margins, so that chance alone decides: a
 * third numbers, a third numbers with ties and gaps, a third categories.
 */
export function quietRuns(runs: number, seed: number): QuietFacts {
  const random = seededRandom(seed);
  let [alarmed, atFive, unadjusted, checks] = [0, 0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const reference = profileTable(draw(random, 2 * ROWS), { bins: 16 });
    const margins = { distribution: 0, missing: 0, range: 0, unseen: 0 };
    const columns = Object.fromEntries(Array.from(reference.columns.keys(), (name) => [name, { margins }]));
    const monitor = createMonitor({ reference, columns, window: { rows: ROWS }, alpha: 0.05, horizonWindows: WINDOWS });
    let any = false;
    for (let window = 0; window < WINDOWS; window++) {
      const [record] = monitor.observe(draw(random, ROWS));
      any ||= record!.verdict === 'drift';
      let smallest = 1;
      for (const { adjusted = 1, result } of record!.checks) {
        smallest = Math.min(smallest, adjusted);
        if (result!.pValue! <= 0.05) unadjusted++;
      }
      checks += record!.checks.length;
      if (smallest <= 0.05) atFive++;
    }
    if (any) alarmed++;
  }
  return { runs, alarmed, windows: runs * WINDOWS, atFive, unadjusted, checks };
}

function draw(random: Random, rows: number): Table {
  const many = { length: rows };
  return tableFrom(
    Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [
        `c${i}`,
        i % 3 === 0
          ? Float64Array.from(many, () => random.next() + random.next())
          : i % 3 === 1
            ? Array.from(many, () => (random.next() < 0.1 ? null : Math.floor(12 * random.next() * random.next())))
            : Array.from(many, () => `k${Math.floor(9 * random.next() * random.next())}`),
      ]),
    ),
  );
}
