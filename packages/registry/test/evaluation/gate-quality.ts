import { seededRandom } from '@millwright/core';
import { compareCells, type EvaluationReport, gate } from '../../src/evaluation/index.js';

/** 5,000 rows in 20 equal slices, half of them positive; a champion that is right on 90 % of them. */
export const ROWS = 5_000;
const SLICES = 20;

/** Shares of rows on which only the champion, and only the challenger, is right. */
export const SCENARIOS = {
  equal: () => [0.04, 0.04],
  better: () => [0.03, 0.05],
  oneSliceWorse: (slice) => (slice === 7 ? [0.12, 0.02] : [0.03, 0.05]),
} as const satisfies Readonly<Record<string, (slice: number) => readonly [number, number]>>;

export type Scenario = keyof typeof SCENARIOS;

/** How often the gate promotes and blocks, beside two gates that scripts usually have: the metric rose, some slice fell. */
export interface GateQuality {
  promoted: number;
  blocked: number;
  metricRose: number;
  someSliceFell: number;
}

/** Every run draws its rows one by one, counts them into cells as `compare` does, and asks the gate. */
export function gateQuality(scenario: Scenario, runs: number, seed: number): GateQuality {
  const random = seededRandom(seed);
  const counts = { promoted: 0, blocked: 0, metricRose: 0, someSliceFell: 0 };
  for (let run = 0; run < runs; run++) {
    const report = reportOf(drawCells(scenario, () => random.next()));
    const { decision } = gate(report);
    if (decision === 'promote') counts.promoted++;
    if (decision === 'block') counts.blocked++;
    if (change(report.overall) > 0) counts.metricRose++;
    if (report.slices.some((slice) => change(slice) < 0)) counts.someSliceFell++;
  }
  return counts;
}

/** The eight cells of each slice; `seen` is told every row. */
export function drawCells(
  scenario: Scenario,
  uniform: () => number,
  seen: (slice: number, truth: number, champion: number, challenger: number) => void = () => {},
): number[][] {
  const cells = Array.from({ length: SLICES }, () => Array<number>(8).fill(0));
  for (let slice = 0; slice < SLICES; slice++) {
    const [onlyChampion, onlyChallenger] = SCENARIOS[scenario](slice);
    for (let i = 0; i < ROWS / SLICES; i++) {
      const truth = i % 2;
      const u = uniform();
      const both = u >= onlyChampion + onlyChallenger && u < 0.9 + onlyChallenger;
      const champion = both || u < onlyChampion ? truth : 1 - truth;
      const challenger = both || (u >= onlyChampion && u < onlyChampion + onlyChallenger) ? truth : 1 - truth;
      cells[slice]![4 * truth + 2 * champion + challenger]!++;
      seen(slice, truth, champion, challenger);
    }
  }
  return cells;
}

export function reportOf(slices: readonly number[][]): EvaluationReport {
  return compareCells({
    cells: Array.from({ length: 8 }, (_, cell) => slices.reduce((sum, own) => sum + own[cell]!, 0)),
    slices: slices.map((cells, i) => ({ slice: 'segment', value: `s${i}`, cells })),
  });
}

function change({ metrics }: EvaluationReport['overall']): number {
  const { champion, challenger } = metrics[0]!;
  return challenger.value! - champion.value!;
}
