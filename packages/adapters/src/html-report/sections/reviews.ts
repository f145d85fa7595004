import { formatDuration, formatTime } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { ReviewEntry, ReviewSection } from '../model.js';
import { type Section, sectionOf } from './parts.js';

/** The review log, the newest question first. */
export function reviewSection(r: ReviewSection): Section {
  const entries = r.reviews.toSorted((a, b) => b.time - a.time).map(entryOf);
  return sectionOf('reviews', 'Review log', r.sentence, [markup`<ol class="log">${entries}</ol>`]);
}

function entryOf({ time, question, subject, queue, recommendation, decisions, outcome }: ReviewEntry): Markup {
  const said = [queue, subject, recommendation !== undefined && `the model says ${recommendation}`];
  const about = said.filter((part) => part !== undefined && part !== false && part !== '').join(' · ');
  return markup`<li><time>${formatTime(time)}</time><div><p><strong>${question}</strong></p><p class="detail">${about}</p>${decisions.map(decisionOf)}<p class="outcome">${outcome === undefined ? 'still open' : markup`→ ${outcome}`}</p></div></li>`;
}

function decisionOf({ by, choice, reason = '', tookMs }: ReviewEntry['decisions'][number]): Markup {
  const why = reason !== '' && markup`: ${reason}`;
  const took = tookMs !== undefined && markup` <span class="detail">after ${formatDuration(tookMs)}</span>`;
  return markup`<p>${by} says <strong>${choice}</strong>${why}${took}</p>`;
}
