import type { ColumnCheck, DriftDecision } from '@millwright/drift';
import { formatDay, formatTime } from './format.js';
import type { DriftSection, HistogramPair } from './model.js';

/** What is said and drawn of a monitor's windows. */
export interface DriftSectionOptions {
  /** What is said first. Default: how many windows there were, and what the newest one shows. */
  readonly sentence?: string | undefined;
  /** Columns whose largest change is drawn. Default 6. */
  readonly maxHistograms?: number | undefined;
}

/**
 * The section of a monitor's records: every column in every window as a map, those that changed most first, what changed
 * in the worst window of each, and what the monitor asked for.
 *
 * @example
 * const records = monitor.observe(table, { time });
 * renderReport({ title: 'June', drift: driftOf(records) });
 */
export function driftOf(records: readonly DriftDecision[], options: DriftSectionOptions = {}): DriftSection {
  const days = records.map(labelOf);
  const names = [...new Set(records.flatMap(({ checks }) => checks.map(({ column }) => column)))];
  const columns = names.map((name) => ({ name, scores: records.map(({ checks }) => scoreOf(name, checks)) }));
  const worst = new Map(columns.map(({ name, scores }) => [name, Math.max(0, ...scores.map((score) => score ?? 0))]));
  columns.sort((a, b) => worst.get(b.name)! - worst.get(a.name)!);
  const alarmed = columns.filter(({ name }) => worst.get(name)! >= 1);
  return {
    sentence: options.sentence ?? sentenceOf(records, alarmed.length, columns.length),
    days,
    columns,
    histograms: alarmed.slice(0, options.maxHistograms ?? 6).flatMap(({ name }) => histogramOf(name, records)),
    decisions: decisionsOf(records, days),
  };
}

/** Windows in a row that came to the same decision are one, in the words of the first. */
function decisionsOf(records: readonly DriftDecision[], days: readonly string[]): DriftSection['decisions'] {
  const found: { when: string; action: string; sentence: string }[] = [];
  for (const [i, { trigger }] of records.entries()) {
    const { action, sentence } = trigger;
    if (QUIET.has(action)) continue;
    const last = found.at(-1);
    if (records[i - 1]?.trigger.action !== action || last === undefined)
      found.push({ when: days[i]!, action, sentence });
    else last.when = `${last.when.split(' to ')[0]} to ${days[i]}`;
  }
  return found;
}

const QUIET: ReadonlySet<string> = new Set(['none', 'insufficient', 'watch']);

/** The day, or the time where windows are shorter, or the window's number. */
function labelOf({ window: { startMs, endMs, index } }: DriftDecision): string {
  if (startMs === undefined) return `#${index}`;
  return endMs !== undefined && endMs - startMs < 86_400_000 ? formatTime(startMs) : formatDay(startMs);
}

/** The largest of what could be judged, in the three digits that a map shows. */
function scoreOf(column: string, checks: readonly ColumnCheck[]): number | undefined {
  const judged = checks.flatMap((check) =>
    check.column === column && check.severity !== undefined ? [check.severity] : [],
  );
  return judged.length === 0 ? undefined : Number(Math.max(...judged).toPrecision(3));
}

function sentenceOf(records: readonly DriftDecision[], alarmed: number, columns: number): string {
  const last = records.at(-1);
  if (last === undefined) return 'No window was judged.';
  return `${records.length} windows; ${alarmed} of ${columns} columns raised an alarm in one of them. The newest: ${last.sentence}`;
}

/** The cells that moved most in the column's worst window. */
function histogramOf(column: string, records: readonly DriftDecision[]): readonly HistogramPair[] {
  const found = records.flatMap((record) =>
    record.checks.flatMap(({ column: name, check, severity, result }) =>
      name === column && check === 'distribution' && result !== undefined && result.parts.length > 0
        ? [{ label: labelOf(record), severity: severity ?? 0, result }]
        : [],
    ),
  );
  if (found.length === 0) return [];
  const { label, result } = found.reduce((worst, each) => (each.severity > worst.severity ? each : worst));
  return [
    {
      title: `${column}, ${label}: where it changed most`,
      edges: result.parts.map((part) => part.label),
      reference: result.parts.map((part) => part.reference),
      current: result.parts.map((part) => part.current),
    },
  ];
}
