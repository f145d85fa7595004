import type { Verdict } from '@millwright/core';
import { type Markup, markup } from '../markup.js';

/** A part of the page that the navigation leads to. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

export function sectionOf(
  id: string,
  title: string,
  sentence: string | undefined,
  content: readonly Markup[],
): Section {
  const lead = sentence !== undefined && sentence !== '' && markup`<p class="lead">${sentence}</p>`;
  return {
    id,
    title,
    content: markup`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${lead}${content}</section>`,
  };
}

/** A chart with the words that belong to it. */
export function figure(title: string, chart: Markup, note?: string): Markup {
  return markup`<figure><figcaption>${title}</figcaption>${chart}${note !== undefined && markup`<p class="note">${note}</p>`}</figure>`;
}

const MARKS: Readonly<Record<Verdict, string>> = { pass: '✓', fail: '✗', insufficient: '?' };
const WORDS: Readonly<Record<Verdict, string>> = { pass: 'pass', fail: 'fail', insufficient: 'not enough evidence' };

/** A verdict as a sign and a word: never by colour alone. */
export function verdictMark(verdict: Verdict | undefined): Markup {
  if (verdict === undefined || !Object.hasOwn(MARKS, verdict)) return markup``;
  return markup`<span class="verdict ${verdict}"><span aria-hidden="true">${MARKS[verdict]}</span> ${WORDS[verdict]}</span>`;
}

/** Items by a key, in order of first appearance. */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
