import { heatMap, SHADES } from '../charts/heat-map.js';
import { histogramPair } from '../charts/histograms.js';
import { lineChart } from '../charts/line.js';
import { formatNumber } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { DriftSection } from '../model.js';
import { figure, moreTable, type Section, sectionOf } from './parts.js';

/** Every column on every day at a glance, then the ones worth a closer look. */
export function driftSection(d: DriftSection): Section {
  const content: Markup[] = [];
  if (d.columns.length > 0 && d.days.length > 0) {
    const [first, rest] = [d.columns.slice(0, SHOWN), d.columns.slice(SHOWN)];
    const more =
      rest.length > 0 &&
      markup`<details><summary>${rest.length} more columns</summary>${heatMap(MAP_TITLE, { ...d, columns: rest })}</details>`;
    const chart = markup`${shades()}${heatMap(MAP_TITLE, { ...d, columns: first })}${more}${alarmTable(d)}`;
    content.push(figure('Columns by window', chart));
  }
  if (d.decisions && d.decisions.length > 0) content.push(decisionList(d.decisions));
  for (const line of d.lines ?? []) content.push(figure(line.title, lineChart(line)));
  for (const pair of d.histograms ?? []) content.push(figure(pair.title, histogramPair(pair)));
  return sectionOf('drift', 'Drift', d.sentence, content);
}

const MAP_TITLE = 'Drift of each column in each window, relative to its alarm threshold';
/** Rows of the map that are open from the beginning. */
const SHOWN = 40;

function shades(): Markup {
  const words = SHADES.map((upper, i) => `${SHADES[i - 1] ?? 0}–${upper}`);
  return markup`<ul class="legend"><li>statistic ÷ threshold:</li>${words.map((w, i) => markup`<li><i class="key heat h${i}"></i>${w}</li>`)}<li><i class="key heat h${SHADES.length}"></i>alarm</li></ul>`;
}

/** The same in words, for those who cannot see the map. */
function alarmTable({ days, columns }: DriftSection): Markup {
  const rows = columns.flatMap(({ name, scores }) => {
    const alarms = days.filter((_, i) => (scores[i] ?? 0) >= 1);
    if (alarms.length === 0) return [];
    const worst = Math.max(...scores.filter((s) => s !== undefined && !Number.isNaN(s)).map(Number));
    return [[name, String(alarms.length), alarms[0]!, alarms.at(-1)!, formatNumber(worst)]];
  });
  if (rows.length === 0) return markup`<p class="note">No column raised an alarm.</p>`;
  const title = `Columns with alarms (${rows.length} of ${columns.length})`;
  return moreTable(title, ['Column', 'Windows', 'First', 'Last', 'Largest'], rows);
}

function decisionList(decisions: NonNullable<DriftSection['decisions']>): Markup {
  const items = decisions.map(
    ({ when, action, sentence }) =>
      markup`<div><dt>${when}</dt><dd><strong>${action}</strong> <span class="detail">${sentence}</span></dd></div>`,
  );
  return markup`<dl class="pairs wide">${items}</dl>`;
}
