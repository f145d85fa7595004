import { interval } from '../charts/interval.js';
import { extent, padded } from '../charts/scale.js';
import { formatEstimate, formatNumber } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { EvaluationSection, MetricRow, SliceForest } from '../model.js';
import { figure, type Section, scroll, sectionOf, tableOf, verdictMark } from './parts.js';

/** Champion beside challenger: the rules of the gate, metrics with the interval of their difference, and the slices as a forest plot. */
export function evaluationSection(e: EvaluationSection, id: string): Section {
  const content = [...(e.rules && e.rules.length > 0 ? [ruleList(e.rules)] : []), metricsTable(e)];
  if (e.slices && e.slices.rows.length > 0) content.push(forest(e.slices));
  return sectionOf(id, `${e.champion} and ${e.challenger}`, e.sentence, content);
}

function ruleList(rules: NonNullable<EvaluationSection['rules']>): Markup {
  const items = rules.map(
    ({ verdict, sentence, notes = [] }) =>
      markup`<div><dt>${verdictMark(verdict)}</dt><dd>${sentence}${notes.map((note) => markup` <span class="detail">${note}</span>`)}</dd></div>`,
  );
  return markup`<dl class="pairs rules">${items}</dl>`;
}

function metricsTable({ champion, challenger, decision, metrics }: EvaluationSection): Markup {
  const verdict = decision && markup` · decision: <strong>${decision}</strong>`;
  const rows = metrics.map((row) => metricRow(row));
  if (metrics.length === 0) return markup``;
  return scroll(
    'Metrics',
    markup`<table><caption>Metrics on the same rows${verdict}</caption><thead><tr><th scope="col">Metric</th><th scope="col" class="num">${champion}<small>champion</small></th><th scope="col" class="num">${challenger}<small>challenger</small></th><th scope="col" class="num">Difference</th><th scope="col">Verdict</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

function metricRow({ name, champion, challenger, difference, verdict, format }: MetricRow): Markup {
  const change = format === 'share' ? 'points' : format;
  return markup`<tr><th scope="row">${name}</th><td class="num">${formatNumber(champion, format)}</td><td class="num">${formatNumber(challenger, format)}</td><td class="num">${difference ? formatEstimate(difference, change) : '–'}</td><td>${verdictMark(verdict)}</td></tr>`;
}

const FOREST_HEADS = [
  markup`<th scope="col">Slice</th>`,
  markup`<th scope="col" class="num">Rows</th>`,
  markup`<th scope="col"><span class="hidden">Interval</span></th>`,
  markup`<th scope="col" class="num">Difference</th>`,
  markup`<th scope="col">Verdict</th>`,
];

function forest({ caption, rows, margin, format = 'points', better = 'higher' }: SliceForest): Markup {
  const values = rows.flatMap((r) => [r.difference.value, r.difference.low, r.difference.high]);
  const axis = { domain: padded(extent([0, margin, ...values])), margin };
  const body = rows.map(({ name, rows: count, difference, verdict }) => {
    const bad = verdict === 'fail' || (verdict === undefined && isHarm(difference, better));
    return markup`<tr><th scope="row">${name}</th><td class="num">${formatNumber(count, 'integer')}</td><td class="plot">${interval(difference, bad ? 'bad' : 'accent', axis)}</td><td class="num">${formatEstimate(difference, format)}</td><td>${verdictMark(verdict)}</td></tr>`;
  });
  const direction = better === 'higher' ? 'Right of the line is better' : 'Left of the line is better';
  const words = margin === undefined ? `${direction}.` : `${direction}; the dashed line is the harm that is tolerated.`;
  const table = tableOf(caption, FOREST_HEADS, body);
  return figure(caption, table, words);
}

function isHarm({ low, high }: SliceForest['rows'][number]['difference'], better: 'higher' | 'lower'): boolean {
  return better === 'higher' ? high !== undefined && high < 0 : low !== undefined && low > 0;
}
