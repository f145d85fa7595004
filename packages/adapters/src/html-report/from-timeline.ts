import type { TimelineEntry as LedgerEntry } from '@millwright/registry/governance';
import type { EntryKind, ReportEntry } from './model.js';

/** How far back the time line goes. */
export interface TimelineSectionOptions {
  /** At most so many entries, the newest. Default 300. */
  readonly most?: number | undefined;
}

/**
 * The section of a registry's timeline. What is too long for one page loses its beginning, and says so.
 *
 * @example
 * renderReport({ title: 'The factory', timeline: timelineOf(await timeline(registry)) });
 */
export function timelineOf(
  entries: readonly LedgerEntry[],
  { most = 300 }: TimelineSectionOptions = {},
): readonly ReportEntry[] {
  const left = Math.max(0, entries.length - most);
  const shown = entries.slice(left).map(
    ({ time, kind, sentence, actor }): ReportEntry => ({
      time,
      kind: kindOf(kind, sentence),
      sentence,
      detail: actor,
    }),
  );
  if (left === 0) return shown;
  const note = `${left} earlier entries are in the ledger and not on this page.`;
  return [{ time: shown[0]?.time ?? entries[0]!.time, kind: 'note', sentence: note }, ...shown];
}

function kindOf(type: string, sentence: string): EntryKind {
  // An alias that moves back is an `alias.moved` as well; its sentence begins with the model, the alias and the verb.
  if (type === 'alias.moved' && /^\S+: \S+ rolled back /.test(sentence)) return 'rollback';
  return KINDS.find(([prefix]) => type.startsWith(prefix))?.[1] ?? 'note';
}

/** The first prefix that fits. */
const KINDS: readonly (readonly [prefix: string, kind: EntryKind])[] = [
  ['dataset.', 'data'],
  ['run.', 'run'],
  ['version.', 'model'],
  ['model.', 'model'],
  ['evidence.', 'gate'],
  ['approval.', 'approval'],
  ['alias.', 'promotion'],
  ['rollout.rollbackStarted', 'rollback'],
  ['rollout.killed', 'rollback'],
  ['rollout.', 'rollout'],
  ['drift.', 'drift'],
  ['review.', 'review'],
  ['oversight.', 'review'],
];
