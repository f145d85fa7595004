const BRAND: unique symbol = Symbol('markup');

/** Text that is HTML already. Only `markup` makes it, so what is not markup is escaped wherever it is put. */
export interface Markup {
  readonly [BRAND]: string;
}

type Insert = Markup | string | number | undefined | false | readonly Insert[];

/** A template of HTML or SVG. Everything inserted is escaped unless it is markup itself; undefined and false are nothing. */
export function markup(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  let out = parts[0]!;
  for (let i = 0; i < inserts.length; i++) out += text(inserts[i]) + parts[i + 1]!;
  return { [BRAND]: out };
}

/** A style sheet as it stands. It must hold nothing that anyone but this package wrote. */
export function styleSheet(text: string): Markup {
  return { [BRAND]: text };
}

/** The text of finished markup. */
export function render(markup: Markup): string {
  return markup[BRAND];
}

function text(insert: Insert): string {
  if (insert === undefined || insert === false) return '';
  if (typeof insert === 'string') return escaped(insert);
  if (typeof insert === 'number') return String(insert);
  if (isMarkup(insert)) return insert[BRAND];
  let out = '';
  for (const each of insert) out += text(each);
  return out;
}

function isMarkup(insert: Markup | readonly Insert[]): insert is Markup {
  return BRAND in insert;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe in text and in quoted attributes. Control characters, which HTML does not allow, become a visible mark. */
function escaped(value: string): string {
  return value.toWellFormed().replace(/[&<>"']|(?![\t\n\r])\p{Cc}/gu, (c) => ENTITIES[c] ?? '\ufffd');
}

/**
 * A value as JSON that can stand in a script element: nothing in it can end the element or start a comment. Fractions have
 * six digits, which is what a page needs of them.
 */
export function jsonForScript(value: unknown): Markup {
  const json = JSON.stringify(value, sixDigits).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { [BRAND]: json };
}

/** For `JSON.stringify`: fractions lose what nobody reads. */
export function sixDigits(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
