import { formatMoment, formatMonth } from '../format.js';
import { icon } from '../icons.js';
import { type Markup, markup } from '../markup.js';
import type { ReportEntry } from '../model.js';
import { groupBy, type Section, sectionOf } from './parts.js';

/** What happened, in order, by month. */
export function timelineSection(entries: readonly ReportEntry[]): Section {
  const sorted = entries.toSorted((a, b) => a.time - b.time);
  const months = groupBy(sorted, (entry) => formatMonth(entry.time));
  const content = [...months].map(
    ([month, group]) => markup`<h3 class="month">${month}</h3><ol class="timeline">${group.map(entryOf)}</ol>`,
  );
  return sectionOf('timeline', 'What happened', undefined, content);
}

function entryOf({ time, kind, sentence, detail }: ReportEntry): Markup {
  const more = detail !== undefined && markup`<span class="detail">${detail}</span>`;
  const tone = kind === 'rollback' ? 'bad' : kind === 'promotion' ? 'accent' : 'plain';
  return markup`<li class="${tone}"><time>${formatMoment(time)}</time>${icon(kind)}<p>${sentence}${more}</p></li>`;
}
