import type { EvaluationReport, MetricComparison, SliceGroup } from '../compare/report.js';
import type { GateVerdict } from '../gate/verdict.js';
import { metricFor } from '../metrics/catalogue.js';
import { showCount, showPlace, showValue } from './sentence.js';

/**
 * A comparison as Markdown for a pull request: the verdict and its reasons first, then metrics, then slices with the
 * largest losses on top, then the digests. Slice values and model names are escaped.
 */
export function toMarkdown(
  report: EvaluationReport,
  verdict?: GateVerdict,
  options: { readonly maxSlices?: number | undefined } = {},
): string {
  const lines: string[] = [];
  if (verdict) {
    lines.push(`## ${MARKS[verdict.decision]} ${plain(verdict.sentence)}`, '');
    for (const { verdict: outcome, sentence, notes } of verdict.rules) {
      lines.push(`- ${WORDS[outcome]}: ${plain(sentence)}`);
      for (const note of notes) lines.push(`  - ${plain(note)}`);
    }
    if (verdict.need?.rows !== undefined)
      lines.push('', `About **${showCount(verdict.need.rows)} more rows** would decide.`);
    lines.push('');
  }
  lines.push(
    `### ${plain(report.challenger)} against ${plain(report.champion)}, ${showCount(report.rows.considered)} rows`,
    '',
    ...table(
      ['metric', report.champion, report.challenger, 'change (95 %)'],
      report.overall.metrics.map((found) => metricRow(report, found)),
    ),
  );
  const judged = worstFirst(report);
  const limit = options.maxSlices ?? 20;
  if (judged.length > 0)
    lines.push(
      '',
      `### Slices by ${metricFor(report.task, report.primary).label}`,
      '',
      ...table(
        ['slice', 'rows', report.champion, report.challenger, 'change (95 %)'],
        judged.slice(0, limit).map(([group, found]) => {
          const [, champion, challenger, change] = metricRow(report, found);
          return [showPlace(group), showCount(group.n), champion!, challenger!, change!];
        }),
      ),
    );
  if (judged.length > limit) lines.push('', `… and ${showCount(judged.length - limit)} more slices in the report.`);
  lines.push(
    '',
    `Report \`${report.digest}\`${verdict ? `, policy \`${verdict.policyDigest}\`, verdict \`${verdict.digest}\`` : ''}`,
    '',
  );
  return lines.join('\n');
}

const MARKS = { promote: '✅', block: '⛔', hold: '⏸️' } as const;
const WORDS = { pass: '**pass**', fail: '**fail**', insufficient: '**open**' } as const;

function metricRow(report: EvaluationReport, found: MetricComparison): string[] {
  const metric = metricFor(report.task, found.metric);
  const show = (measure: MetricComparison['champion']) =>
    measure.value === undefined
      ? `undefined: ${measure.undefinedWhy}`
      : `${showValue(metric, measure.value)}${measure.bound ? ` ± ${measure.bound.toPrecision(1)}` : ''}`;
  const { difference } = found;
  const change =
    difference === undefined
      ? ''
      : `${sign(difference.value, metric)} (${sign(difference.lower, metric)} to ${sign(difference.upper, metric)})`;
  return [found.metric, show(found.champion), show(found.challenger), change];
}

function sign(value: number, metric: Parameters<typeof showValue>[0]): string {
  return `${value < 0 ? '−' : '+'}${showValue(metric, Math.abs(value))}`;
}

/** Slices that have the primary metric, the largest loss first. */
function worstFirst(report: EvaluationReport): (readonly [SliceGroup, MetricComparison])[] {
  const loss = ({ better, difference }: MetricComparison) => (better === 'higher' ? 1 : -1) * (difference?.value ?? 0);
  return report.slices
    .flatMap((group) => {
      const found = group.metrics.find((m) => m.metric === report.primary);
      return found === undefined || group.n < report.minSupport ? [] : [[group, found] as const];
    })
    .sort(([, a], [, b]) => loss(a) - loss(b));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)];
}

/** What Markdown or HTML would take for markup in a name or a value. */
function plain(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, (c) => (c === '<' ? '&lt;' : `\\${c}`)).replace(/\r?\n/g, ' ');
}
