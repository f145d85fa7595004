import { digestBytes, encodeUtf8, hexOf } from '@millwright/core';
import { thin } from './charts/scale.js';
import { formatTime } from './format.js';
import { jsonForScript, type Markup, markup, render, styleSheet } from './markup.js';
import type { LineChart, ReportModel } from './model.js';
import { calibrationSection } from './sections/calibration.js';
import { driftSection } from './sections/drift.js';
import { evaluationSection } from './sections/evaluation.js';
import type { Section } from './sections/parts.js';
import { chartSection, factList, ledgerSection, lineageSection, tableSection } from './sections/plain.js';
import { reviewSection } from './sections/reviews.js';
import { rolloutSection } from './sections/rollout.js';
import { timelineSection } from './sections/timeline.js';
import { validationSection } from './sections/validation.js';
import { STYLE } from './style.js';

/** The language of the page, and whether programs can read it. */
export interface RenderOptions {
  /** Language of the text in the model. Default `en`. */
  readonly language?: string | undefined;
  /** Put the model into the page, for programs: `JSON.parse(document.querySelector('#report').textContent)`. Default true. */
  readonly data?: boolean | undefined;
}

/**
 * A report as one HTML file: it asks for nothing over the network, runs no script, opens from a folder, follows the
 * reader's light or dark preference, and prints. Every string of the model is escaped, whoever wrote it. Long series are
 * thinned to their lows and highs, in the charts and in the data, and numbers in the data have six digits.
 *
 * @example
 * await writeFile('report.html', renderReport({ title: 'Flight delays', facts: [{ label: 'Flights', value: 3_000_000 }] }));
 */
export function renderReport(model: ReportModel, options: RenderOptions = {}): string {
  const { language = 'en', data = true } = options;
  const report = thinned(model);
  const sections = sectionsOf(report);
  const made = report.time !== undefined && markup`<p class="stamp">Made ${formatTime(report.time)} UTC</p>`;
  const page = markup`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(STYLE)}'; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>${report.title}</title>
<style>${styleSheet(STYLE)}</style>
</head>
<body>
<div class="page">
<header><h1>${report.title}</h1>${report.summary !== undefined && markup`<p class="summary">${report.summary}</p>`}${made}${report.facts && report.facts.length > 0 && factList(report.facts)}</header>
${navigation(sections)}
<main>${sections.map((section) => section.content)}</main>
<footer>Times are UTC. This page is one file: it loads nothing and sends nothing.</footer>
</div>
${data && markup`<script type="application/json" id="report">${jsonForScript(report)}</script>`}
</body>
</html>
`;
  return render(page);
}

function sectionsOf(model: ReportModel): readonly Section[] {
  const sections: Section[] = [];
  if (model.timeline && model.timeline.length > 0) sections.push(timelineSection(model.timeline));
  for (const [i, validation] of (model.validations ?? []).entries())
    sections.push(validationSection(validation, idOf('validation', i)));
  for (const [i, evaluation] of (model.evaluations ?? []).entries())
    sections.push(evaluationSection(evaluation, idOf('evaluation', i)));
  for (const [i, calibration] of (model.calibrations ?? []).entries())
    sections.push(calibrationSection(calibration, idOf('calibration', i)));
  for (const [i, rollout] of (model.rollouts ?? []).entries())
    sections.push(rolloutSection(rollout, idOf('rollout', i)));
  if (model.drift) sections.push(driftSection(model.drift));
  for (const [i, charts] of (model.charts ?? []).entries()) sections.push(chartSection(charts, `charts-${i + 1}`));
  if (model.reviews && model.reviews.reviews.length > 0) sections.push(reviewSection(model.reviews));
  if (model.lineage && model.lineage.nodes.length > 0) sections.push(lineageSection(model.lineage));
  for (const [i, table] of (model.tables ?? []).entries()) sections.push(tableSection(table, `table-${i + 1}`));
  if (model.ledger) sections.push(ledgerSection(model.ledger));
  return sections;
}

/** The only style sheet that the page allows, by its hash: nothing that slips in can restyle it. */
function hashOf(style: string): string {
  const hex = hexOf(digestBytes(encodeUtf8(style)));
  const bytes = hex.match(/../g)!.map((pair) => Number.parseInt(pair, 16));
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}

/** The first of a sort has the plain name. */
function idOf(sort: string, index: number): string {
  return index === 0 ? sort : `${sort}-${index + 1}`;
}

function navigation(sections: readonly Section[]): Markup {
  if (sections.length < 2) return markup``;
  const links = sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`);
  return markup`<nav aria-label="Sections"><ul>${links}</ul></nav>`;
}

/** The model with every series short enough for one file. */
function thinned(model: ReportModel): ReportModel {
  const { rollouts, drift, charts } = model;
  const line = <T extends LineChart>(chart: T): T => ({
    ...chart,
    series: chart.series.map((s) => ({ ...s, points: thin(s.points) })),
  });
  return {
    ...model,
    ...(rollouts && {
      rollouts: rollouts.map((rollout) => ({
        ...rollout,
        evidence: rollout.evidence?.map((e) => ({ ...e, points: thin(e.points) })),
      })),
    }),
    ...(drift && { drift: { ...drift, lines: drift.lines?.map(line) } }),
    ...(charts && {
      charts: charts.map((c) => ({
        ...c,
        charts: c.charts.map((chart) => (chart.kind === 'line' ? line(chart) : chart)),
      })),
    }),
  };
}
