import type { Need } from '@millwright/core';
import { normalQuantile, pairedDetectable, pairedRows } from '@millwright/core/statistics';
import type { Difference } from '../compare/paired.js';
import type { EvaluationReport } from '../compare/report.js';

/** The smallest harm that these rows show with 80 % power at one-sided `alpha`. */
export function detectableHarm(report: EvaluationReport, difference: Difference, alpha: number): number {
  if (difference.method === 'paired-rates@1')
    return pairedDetectable(difference.n, { discordance: discordanceOf(report, difference), alpha });
  return (normalQuantile(1 - alpha) + Z_POWER) * difference.standardError;
}

/** Rows that show `harm` with 80 % power at one-sided `alpha`. */
export function rowsFor(report: EvaluationReport, difference: Difference, harm: number, alpha: number): number {
  if (!(harm > 0)) return Number.POSITIVE_INFINITY;
  if (difference.method === 'paired-rates@1')
    return pairedRows(harm, { discordance: discordanceOf(report, difference), alpha });
  return difference.n * (detectableHarm(report, difference, alpha) / harm) ** 2;
}

/** Rows still missing, if the benefit beyond the margin is as it seems. */
export function rowsMissing(difference: Difference, distance: number, alpha: number): Need {
  if (!(distance > 0)) return { what: 'a challenger that is ahead: on these rows it is not' };
  const spread = difference.standardError * Math.sqrt(difference.n);
  const wanted =
    difference.method === 'paired-rates@1'
      ? pairedRows(distance, { discordance: discordance(difference), alpha })
      : (((normalQuantile(1 - alpha) + Z_POWER) * spread) / distance) ** 2;
  return { rows: Math.max(1, Math.ceil(wanted - difference.n)) };
}

/** Share of discordant rows, no smaller than overall: a small slice knows its own share badly. */
function discordanceOf(report: EvaluationReport, difference: Difference): number {
  const overall = report.overall.metrics.find((m) => m.difference?.method === 'paired-rates@1')?.difference;
  return Math.max(discordance(difference), overall === undefined ? 0 : discordance(overall), 1 / difference.n);
}

function discordance({ onlyChampion = 0, onlyChallenger = 0, n }: Difference): number {
  return (onlyChampion + onlyChallenger) / n;
}

const Z_POWER = normalQuantile(0.8);
