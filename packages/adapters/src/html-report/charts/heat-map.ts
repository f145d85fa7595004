import { type Markup, markup } from '../markup.js';
import type { DriftSection } from '../model.js';
import { shorten } from './bars.js';
import { frame, svg } from './frame.js';
import { px } from './scale.js';

const ROW = 20;
/** Upper ends of the shades, in parts of the alarm threshold. Beyond the last one is an alarm. */
export const SHADES = [0.25, 0.5, 0.75, 1] as const;

/**
 * One row per column, one cell per window. To keep a map of 200 columns small, it is drawn in cells as units, neighbours of
 * one shade are one rectangle, and lines in the colour of the page cut it into cells.
 */
export function heatMap(title: string, { days, columns }: Pick<DriftSection, 'days' | 'columns'>): Markup {
  const f = frame(columns.length * ROW + 34, { left: 150, right: 4, top: 2, bottom: 30 });
  const width = (f.width - f.left - f.right) / Math.max(days.length, 1);
  const at = (day: number) => px(f.left + day * width);
  const paths: string[] = SHADES.map(() => '').concat('');
  for (const [row, { scores }] of columns.entries()) {
    for (let from = 0; from < days.length; ) {
      const shade = shadeOf(scores[from]);
      let to = from + 1;
      while (to < days.length && shadeOf(scores[to]) === shade) to++;
      if (shade !== undefined) paths[shade] += `M${from} ${row}H${to}v.9H${from}z`;
      from = to;
    }
  }
  const cuts = width > 6 ? days.map((_, day) => `M${at(day)} ${f.top}V${f.height - f.bottom}`).join('') : '';
  const names = columns.map(
    ({ name }, row) =>
      markup`<text class="label end" x="${f.left - 10}" y="${f.top + row * ROW + 14}">${shorten(name, 18)}</text>`,
  );
  const cells = paths.map((d, shade) => d !== '' && markup`<path class="heat h${shade}" d="${d}"/>`);
  return svg(f, title, [
    markup`<g transform="translate(${f.left} ${f.top}) scale(${width} ${ROW})">${cells}</g>`,
    markup`<path class="cut" d="${cuts}"/>`,
    ...names,
    ...dayLabels(days, f.left, width, f.height - 8),
  ]);
}

/** 0 to 3 below the threshold, 4 an alarm; nothing where nothing was tested. */
function shadeOf(score: number | undefined): number | undefined {
  if (score === undefined || Number.isNaN(score)) return undefined;
  const shade = SHADES.findIndex((upper) => score < upper);
  return shade < 0 ? SHADES.length : shade;
}

/** Months where there are many days, else days. */
function dayLabels(days: readonly string[], left: number, width: number, y: number): readonly Markup[] {
  const labels: Markup[] = [];
  let free = Number.NEGATIVE_INFINITY;
  for (const [i, day] of days.entries()) {
    const at = left + i * width;
    const starts = days.length <= 62 || i === 0 || day.slice(0, 7) !== days[i - 1]!.slice(0, 7);
    if (!starts || at < free || at > left + days.length * width - 56) continue;
    labels.push(
      markup`<text class="tick start" x="${px(at)}" y="${y}">${days.length <= 62 ? day : day.slice(0, 7)}</text>`,
    );
    free = at + 78;
  }
  return labels;
}
