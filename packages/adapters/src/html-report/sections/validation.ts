import type { Verdict } from '@millwright/core';
import { formatNumber } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { CheckRow, ValidationSection } from '../model.js';
import { groupBy, type Section, sectionOf, VERDICT_WORDS } from './parts.js';

/**
 * Every check under what it is about. Which verdicts are shown is chosen by radio buttons that the style sheet reads, so
 * that there is no script.
 */
export function validationSection(v: ValidationSection, id: string): Section {
  const subjects = [...groupBy(v.checks, (check) => check.subject)];
  const size = subjects.length > MANY ? 'checks many' : 'checks';
  subjects.sort(([, a], [, b]) => rank(a) - rank(b));
  return sectionOf(id, v.title === undefined ? 'Validation' : `Validation of ${v.title}`, v.sentence, [
    markup`<div class="${size}">${filter(v.checks, id)}${subjects.map(([subject, checks]) => group(subject, checks))}</div>`,
  ]);
}

/** Beyond so many subjects the browser lays out only those in view, and guesses the height of the others. */
const MANY = 60;

const ORDER = ['fail', 'insufficient', 'pass'] as const satisfies readonly Verdict[];

/** Subjects with failures first, then those that could not be judged; otherwise the order of the suite. */
function rank(checks: readonly CheckRow[]): number {
  return Math.min(...checks.map(({ verdict }) => ORDER.indexOf(verdict)));
}

function filter(checks: readonly CheckRow[], id: string): Markup {
  const choices = ORDER.flatMap((verdict) => {
    const count = checks.filter((check) => check.verdict === verdict).length;
    return count === 0 ? [] : [choice(id, verdict, VERDICT_WORDS[verdict], count)];
  });
  if (choices.length < 2) return markup``;
  return markup`<fieldset class="filter"><legend>Show</legend>${choice(id, 'all', 'all', checks.length)}${choices}</fieldset>`;
}

function choice(id: string, value: string, words: string, count: number): Markup {
  const checked = value === 'all' && markup` checked`;
  return markup`<label><input type="radio" name="${id}-show" value="${value}"${checked}> ${words} <span class="detail">${formatNumber(count, 'integer')}</span></label>`;
}

function group(subject: string, checks: readonly CheckRow[]): Markup {
  const lists = ORDER.flatMap((verdict) => {
    const own = checks.filter((check) => check.verdict === verdict);
    return own.length === 0 ? [] : [{ verdict, own }];
  });
  const has = lists.map(({ verdict }) => `has-${verdict}`).join(' ');
  return markup`<div class="subject ${has}"><h3>${subject}</h3>${lists.map(
    ({ verdict, own }) => markup`<ul class="${verdict}" aria-label="${VERDICT_WORDS[verdict]}">${own.map(item)}</ul>`,
  )}</div>`;
}

function item({ sentence, warning, samples }: CheckRow): Markup {
  const word = warning && markup`<strong>warning:</strong> `;
  return markup`<li>${word}${sentence}${samples !== undefined && markup`<code>${samples}</code>`}</li>`;
}
