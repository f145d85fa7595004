import { show } from '../show.js';
import type { EstimatedFigure } from './types.js';

/** Names the figure that is worse by most of its band, or says that none is. */
export function worstSentence(figures: Readonly<Record<string, EstimatedFigure>>, rows: number): string {
  const all = Object.entries(figures);
  const drifted = all.filter(([, figure]) => figure.verdict === 'drift').sort(bySeverity);
  const first = drifted[0];
  if (first !== undefined) return `${tell(first)}, beyond what ${rows} rows leave open.`;
  const open = all.filter(([, figure]) => figure.verdict === 'insufficient');
  if (open.length === 0) return `No figure has fallen by an amount that matters in ${rows} rows.`;
  return `${rows} rows cannot tell for ${open.map(([name]) => name).join(', ')}.`;
}

function tell([name, { value, reference }]: readonly [string, EstimatedFigure]): string {
  return `${name} is estimated at ${show(value)}, was ${show(reference)}`;
}

function bySeverity([, a]: readonly [string, EstimatedFigure], [, b]: readonly [string, EstimatedFigure]): number {
  return severity(b) - severity(a);
}

function severity({ value, reference, samplingError, modelError }: EstimatedFigure): number {
  return Math.abs(value - reference) / Math.hypot(samplingError, modelError);
}
