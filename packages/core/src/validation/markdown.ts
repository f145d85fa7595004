import type { ExpectationOutcome, ReportBody } from './types.js';

/** A report as Markdown, for a pull request or a job summary: the verdict, and a table of what does not pass. */
export function reportMarkdown(report: ReportBody & { readonly digest: string }): string {
  const failing = report.outcomes.filter((o) => o.verdict !== 'pass');
  const passed = report.outcomes.length - failing.length;
  const lines = [
    `**${MARK[report.verdict]} ${report.verdict}**: ${passed} of ${report.outcomes.length} expectations pass on ${number(report.rows)} rows.`,
    '',
  ];
  if (failing.length > 0) {
    lines.push('| | expectation | unexpected | first rows |', '|---|---|---:|---|', ...failing.map(tableRow), '');
  }
  lines.push(`Suite \`${report.suite.slice(0, 19)}\`, report \`${report.digest.slice(0, 19)}\`.`);
  return `${lines.join('\n')}\n`;
}

const MARK = { pass: '✓', fail: '✗', insufficient: '?' } as const;

function tableRow({ expectation, verdict, counts, samples, sentence }: ExpectationOutcome): string {
  const mark = expectation.severity === 'warning' ? '⚠' : MARK[verdict];
  const rows = samples.slice(0, 5).map((s) => `${s.row}: ${JSON.stringify(s.value)}`);
  return `| ${mark} | ${cell(sentence)} | ${number(counts.unexpected)} | ${cell(rows.join('; '))} |`;
}

/** Text for a table cell: what would end the cell or start markup of its own is escaped. */
function cell(text: string): string {
  return text.replace(/[|<>\\]/g, (c) => (c === '<' ? '&lt;' : c === '>' ? '&gt;' : `\\${c}`)).replace(/\s+/g, ' ');
}

function number(value: number): string {
  return value.toLocaleString('en');
}
