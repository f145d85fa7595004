import { reliabilityChart } from '../charts/reliability.js';
import { formatNumber } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { CalibrationSection } from '../model.js';
import { figure, moreTable, type Section, sectionOf } from './parts.js';

/** What was said against what happened, drawn and in numbers. */
export function calibrationSection(c: CalibrationSection, id: string): Section {
  const chart = markup`${reliabilityChart('Share that came true against the probability that was said, with 95 % intervals', c.curves)}${binTable(c)}`;
  const note =
    'Across: the probability that was said. Up: the share that came true. On the dashed line they agree; the bars are rows.';
  return sectionOf(id, c.title === undefined ? 'Calibration' : `Calibration of ${c.title}`, c.sentence, [
    figure('Said and come true', chart, note),
  ]);
}

function binTable({ curves }: CalibrationSection): Markup {
  const rows = curves.flatMap(({ label, bins }) =>
    bins.map(({ said, share, rows: count }) => [
      label,
      formatNumber(said, 'share'),
      formatNumber(share.value, 'share'),
      `${formatNumber(share.low, 'share')} to ${formatNumber(share.high, 'share')}`,
      formatNumber(count, 'integer'),
    ]),
  );
  return moreTable('The same in numbers', ['Model', 'Said', 'Came true', '95 % interval', 'Rows'], rows);
}
