import { seededRandom } from '@millwright/core';
import { compare, type EvaluationReport, gate } from '../../src/evaluation/index.js';

/** 5,000 rows in 20 equal slices; a champion that is right on 90 % of them. */
const ROWS = 5_000;
const SLICES = 20;
const LABELS = Array.from({ length: SLICES }, (_, i) => `s${i}`);
const CODES = Int32Array.from({ length: ROWS }, (_, i) => i % SLICES);
const TRUTH = Float64Array.from({ length: ROWS }, (_, i) => (i * 7919) % 2);

/** Shares of rows on which only the champion, and only the challenger, is right. */
export const SCENARIOS = {
  equal: () => [0.04, 0.04],
  better: () => [0.03, 0.05],
  oneSliceWorse: (slice) => (slice === 7 ? [0.12, 0.02] : [0.03, 0.05]),
} as const satisfies Readonly<Record<string, (slice: number) => readonly [number, number]>>;

/** How often the gate promotes and blocks, beside two gates that scripts usually have: the metric rose, some slice fell. */
export interface GateQuality {
  promoted: number;
  blocked: number;
  metricRose: number;
  someSliceFell: number;
}

export function gateQuality(scenario: keyof typeof SCENARIOS, runs: number, seed: number): GateQuality {
  const random = seededRandom(seed);
  const counts = { promoted: 0, blocked: 0, metricRose: 0, someSliceFell: 0 };
  const shares = LABELS.map((_, slice) => SCENARIOS[scenario](slice));
  const champion = new Float64Array(ROWS);
  const challenger = new Float64Array(ROWS);
  for (let run = 0; run < runs; run++) {
    for (let i = 0; i < ROWS; i++) {
      const [onlyChampion, onlyChallenger] = shares[CODES[i]!]!;
      const u = random.next();
      const wrong = 1 - TRUTH[i]!;
      champion[i] = u < onlyChallenger || u >= 0.9 + onlyChallenger ? wrong : TRUTH[i]!;
      challenger[i] =
        (u >= onlyChallenger && u < onlyChallenger + onlyChampion) || u >= 0.9 + onlyChallenger ? wrong : TRUTH[i]!;
    }
    const report = compare({
      truth: TRUTH,
      champion: { labels: champion },
      challenger: { labels: challenger },
      slices: { segment: { codes: CODES, labels: LABELS } },
      metrics: [],
    });
    const { decision } = gate(report);
    if (decision === 'promote') counts.promoted++;
    if (decision === 'block') counts.blocked++;
    if (change(report.overall) > 0) counts.metricRose++;
    if (report.slices.some((slice) => change(slice) < 0)) counts.someSliceFell++;
  }
  return counts;
}

function change(group: EvaluationReport['overall']): number {
  const { champion, challenger } = group.metrics[0]!;
  return challenger.value! - champion.value!;
}
