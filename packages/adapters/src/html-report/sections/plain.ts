import { barChart } from '../charts/bars.js';
import { histogramPair } from '../charts/histograms.js';
import { lineChart } from '../charts/line.js';
import { lineageGraph } from '../charts/lineage.js';
import { formatNumber, formatTime } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { ChartSection, Fact, LedgerSection, LineageSection, TableSection } from '../model.js';
import { figure, type Section, scroll, sectionOf, verdictMark } from './parts.js';

/** The numbers at the top. */
export function factList(facts: readonly Fact[]): Markup {
  const items = facts.map(({ label, value, note }) => {
    const shown =
      typeof value === 'number' ? formatNumber(value, Number.isInteger(value) ? 'integer' : 'number') : value;
    return markup`<div><dt>${label}</dt><dd>${shown}${note !== undefined && markup`<small>${note}</small>`}</dd></div>`;
  });
  return markup`<dl class="facts">${items}</dl>`;
}

export function lineageSection(l: LineageSection): Section {
  return sectionOf('lineage', 'Lineage', l.sentence, [
    figure(
      'What was made from what',
      lineageGraph('Lineage from left to right: datasets, runs, models and what they made', l),
    ),
  ]);
}

export function ledgerSection(l: LedgerSection): Section {
  const sign = l.verified
    ? markup`<span class="verdict pass"><span aria-hidden="true">✓</span> verified</span>`
    : markup`<span class="verdict fail"><span aria-hidden="true">✗</span> not verified</span>`;
  const rows: readonly (readonly [string, Markup | string])[] = [
    ['Events', formatNumber(l.size, 'integer')],
    ['Root', markup`<code>${l.root}</code>`],
    ...(l.head === undefined ? [] : [['Head', markup`<code>${l.head}</code>`] as const]),
    ['Check', markup`${sign}${l.detail !== undefined && markup` <span class="detail">${l.detail}</span>`}`],
  ];
  const list = rows.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return sectionOf('ledger', 'Ledger', l.sentence, [markup`<dl class="pairs">${list}</dl>`]);
}

export function chartSection(section: ChartSection, id: string): Section {
  const charts = section.charts.map((chart) => {
    switch (chart.kind) {
      case 'bars':
        return figure(chart.title, barChart(chart));
      case 'histograms':
        return figure(chart.title, histogramPair(chart));
      case 'line':
        return figure(chart.title, lineChart(chart));
      default:
        // A kind that this version does not know is left out.
        chart satisfies never;
        return markup``;
    }
  });
  return sectionOf(id, section.title, section.sentence, charts);
}

export function tableSection({ title, caption, columns, rows }: TableSection, id: string): Section {
  const isText = (c: number) => ['text', 'verdict', undefined].includes(columns[c]?.format);
  const cell = (value: string | number | undefined, c: number) => {
    const format = columns[c]?.format ?? 'text';
    if (format === 'verdict') return verdictMark(value);
    if (typeof value !== 'number') return value ?? '–';
    if (format === 'time') return formatTime(value);
    return formatNumber(value, format === 'text' ? 'number' : format);
  };
  const head = columns.map(
    (c, i) => markup`<th scope="col"${isText(i) ? markup`` : markup` class="num"`}>${c.label}</th>`,
  );
  const body = rows.map(
    (row) =>
      markup`<tr>${row.map((value, c) => (c === 0 ? markup`<th scope="row">${cell(value, c)}</th>` : markup`<td${isText(c) ? markup`` : markup` class="num"`}>${cell(value, c)}</td>`))}</tr>`,
  );
  const shown = caption === undefined ? markup` class="hidden"` : markup``;
  return sectionOf(id, title, undefined, [
    scroll(
      title,
      markup`<table><caption${shown}>${caption ?? title}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`,
    ),
  ]);
}
