import { invalidInput } from '@millwright/core';

/** How long a page is: 100 unless the caller says. @throws `input/invalid` */
export function limitOf(query: URLSearchParams): number {
  const limit = number(query, 'limit') ?? 100;
  if (limit < 1 || limit > MAX_PAGE) throw invalidInput('limit', `an integer from 1 to ${MAX_PAGE}`, limit);
  return limit;
}

const MAX_PAGE = 1_000;

export function text(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) ?? undefined;
}

/** @throws `input/invalid` */
export function number(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  return given === null ? undefined : integer(name, given);
}

/** @throws `input/invalid` */
export function integer(name: string, given: string): number {
  if (/^[0-9]{1,15}$/.test(given)) return Number(given);
  throw invalidInput(name, 'an integer of 0 or more', given);
}

/** @throws `input/invalid` */
export function finite(name: string, given: string): number {
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (Number.isFinite(value)) return value;
  throw invalidInput(name, 'a number', given);
}

/** `tag.team=risk` gives `{ team: 'risk' }` for the prefix `tag.`. */
export function prefixed(query: URLSearchParams, prefix: string): Readonly<Record<string, string>> | undefined {
  const found = [...query].filter(([name]) => name.startsWith(prefix));
  if (found.length === 0) return undefined;
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}
