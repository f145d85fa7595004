import { heatMap, SHADES } from '../charts/heat-map.js';
import { histogramPair } from '../charts/histograms.js';
import { lineChart } from '../charts/line.js';
import { formatNumber } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { DriftSection } from '../model.js';
import { figure, type Section, sectionOf } from './parts.js';

/** Every column on every day at a glance, then the ones worth a closer look. */
export function driftSection(d: DriftSection): Section {
  const content: Markup[] = [];
  if (d.columns.length > 0 && d.days.length > 0) {
    const chart = markup`${shades()}${heatMap('Drift of each column on each day, relative to its alarm threshold', d)}${alarmTable(d)}`;
    content.push(figure('Columns by day', chart));
  }
  for (const line of d.lines ?? []) content.push(figure(line.title, lineChart(line)));
  for (const pair of d.histograms ?? []) content.push(figure(pair.title, histogramPair(pair)));
  return sectionOf('drift', 'Drift', d.sentence, content);
}

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
    return [
      markup`<tr><th scope="row">${name}</th><td class="num">${alarms.length}</td><td class="num">${alarms[0]}</td><td class="num">${alarms.at(-1)}</td><td class="num">${formatNumber(worst)}</td></tr>`,
    ];
  });
  if (rows.length === 0) return markup`<p class="note">No column raised an alarm.</p>`;
  return markup`<details><summary>Columns with alarms (${rows.length} of ${columns.length})</summary><div class="scroll" tabindex="0"><table><caption class="hidden">Columns with alarms</caption><thead><tr><th scope="col">Column</th><th scope="col" class="num">Days</th><th scope="col" class="num">First</th><th scope="col" class="num">Last</th><th scope="col" class="num">Largest</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
