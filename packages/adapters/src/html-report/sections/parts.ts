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

/** The same as a drawing in numbers, for those who cannot see it: closed until it is asked for. The first cell heads its row. */
export function moreTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): Markup {
  if (rows.length === 0) return markup``;
  const cell = (text: string, i: number) =>
    i === 0 ? markup`<th scope="row">${text}</th>` : markup`<td class="num">${text}</td>`;
  const heads = head.map((text, i) => markup`<th scope="col"${i > 0 && markup` class="num"`}>${text}</th>`);
  return markup`<details><summary>${title}</summary>${tableOf(
    title,
    heads,
    rows.map((row) => markup`<tr>${row.map(cell)}</tr>`),
  )}</details>`;
}

/** A table whose caption is for those who hear it; it scrolls sideways where it is too wide. */
export function tableOf(caption: string, heads: readonly Markup[], rows: readonly Markup[]): Markup {
  return scroll(
    caption,
    markup`<table><caption class="hidden">${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>`,
  );
}

/** What may be wider than the page scrolls by itself, also from the keyboard. */
export function scroll(name: string, content: Markup): Markup {
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="${name}">${content}</div>`;
}

const MARKS: Readonly<Record<Verdict, string>> = { pass: '✓', fail: '✗', insufficient: '?' };
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'pass',
  fail: 'fail',
  insufficient: 'not enough evidence',
};

/** A verdict as a sign and a word: never by colour alone. */
export function verdictMark(verdict: string | number | undefined): Markup {
  if (!isVerdict(verdict)) return markup``;
  return markup`<span class="verdict ${verdict}"><span aria-hidden="true">${MARKS[verdict]}</span> ${VERDICT_WORDS[verdict]}</span>`;
}

function isVerdict(word: string | number | undefined): word is Verdict {
  return word !== undefined && Object.hasOwn(MARKS, word);
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
