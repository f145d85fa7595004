import { lineChart } from '../charts/line.js';
import { extent } from '../charts/scale.js';
import { stepChart } from '../charts/steps.js';
import { formatNumber, formatTick, formatTime } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { EvidenceCurve, RolloutMetricRow, RolloutSection } from '../model.js';
import { figure, groupBy, moreTable, type Section, sectionOf } from './parts.js';

/** Share of traffic over time, and below it, on the same axis, the evidence that moved it. */
export function rolloutSection(r: RolloutSection, id: string): Section {
  const evidence = r.evidence ?? [];
  const times = [...r.share.map((s) => s.time), ...evidence.flatMap((e) => e.points.map((p) => p.x)), r.end?.time];
  const domain = extent(times);
  const marks =
    r.end === undefined
      ? []
      : [
          {
            x: r.end.time,
            label: r.end.kind,
            tone: r.end.kind === 'rollback' ? ('bad' as const) : ('accent' as const),
          },
        ];
  const content = [
    figure(
      'Share of traffic on the challenger',
      stepChart('Share of traffic on the challenger over time', r.share, { domain, marks }),
    ),
  ];
  if (evidence.length > 0)
    content.push(figure('Evidence (logarithm of the e-value)', evidenceChart(evidence, domain, marks)));
  if (r.metrics && r.metrics.length > 0) content.push(metricTable(r.metrics));
  if (r.end) {
    const tone = r.end.kind === 'rollback' ? 'bad' : 'accent';
    content.push(markup`<p class="ending ${tone}"><time>${formatTime(r.end.time)}</time> ${r.end.sentence}</p>`);
  }
  if (r.moments && r.moments.length > 0) content.push(momentList(r.moments));
  return sectionOf(id, r.title === undefined ? 'Rollout' : `Rollout of ${r.title}`, r.sentence, content);
}

function metricTable(metrics: readonly RolloutMetricRow[]): Markup {
  const heads = ['Metric', 'Rows of the champion', 'Rows of the challenger', 'Harm, log e', 'No harm, log e'];
  const rows = metrics.map(({ name, championRows, challengerRows, harm, proof }) => [
    name,
    formatNumber(championRows, 'integer'),
    formatNumber(challengerRows, 'integer'),
    formatNumber(harm),
    formatNumber(proof),
  ]);
  return moreTable('What each metric came to', heads, rows);
}

function momentList(moments: NonNullable<RolloutSection['moments']>): Markup {
  const items = moments.map(
    ({ time, sentence, actor }) =>
      markup`<div><dt>${formatTime(time)}</dt><dd>${sentence}${actor !== undefined && markup` <span class="detail">${actor}</span>`}</dd></div>`,
  );
  return markup`<details><summary>Step by step</summary><dl class="pairs wide">${items}</dl></details>`;
}

function evidenceChart(
  curves: readonly EvidenceCurve[],
  domain: readonly [number, number],
  marks: NonNullable<Parameters<typeof lineChart>[1]>['marks'],
) {
  const byThreshold = groupBy(curves, (c) => `${c.of} is decided at e = ${formatTick(Math.exp(c.threshold))}`);
  return lineChart(
    {
      title: 'Logarithm of the e-value of each metric over time, with the thresholds that decide',
      x: 'time',
      series: curves.map((c, i) => ({
        label: c.label,
        tone: c.of === 'harm' ? 'bad' : i === curves.findIndex((o) => o.of === 'benefit') ? 'accent' : 'muted',
        points: c.points,
      })),
      thresholds: [...byThreshold].map(([label, of]) => ({ y: of[0]!.threshold, label })),
    },
    { domain, marks },
  );
}
