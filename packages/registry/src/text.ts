import { invalidInput, MillwrightError } from '@millwright/core';

/** Longest free text in an event (a reason, a description), in UTF-16 code units. What is longer belongs in a file. */
export const MAX_TEXT = 4_000;
/** Longest tag key, role, kind or other short word. */
export const MAX_WORD = 200;
/** Most entries of a record in one event: tags, parameters, metrics. */
export const MAX_ENTRIES = 1_000;

/** Free text within its bound. @throws `input/invalid`, `input/too-large` */
export function parseText(input: unknown, name: string, limit: number = MAX_TEXT): string {
  if (typeof input !== 'string' || !input.isWellFormed()) throw invalidInput(name, 'well-formed text', input);
  if (input.length > limit)
    throw new MillwrightError(
      'input/too-large',
      `\`${name}\` holds ${input.length} characters and may hold ${limit}. Put long text into a file of the artifact.`,
      { details: { name, limit, received: input.length } },
    );
  return input;
}

/** Text that says something. @throws `input/invalid`, `input/too-large` */
export function parseStatement(input: unknown, name: string, limit: number = MAX_TEXT): string {
  const text = parseText(input, name, limit);
  if (text.trim() === '') throw invalidInput(name, 'a text that is not empty', input);
  return text;
}

/** A record whose keys are short words. @throws `input/invalid`, `input/too-large` */
export function parseRecord<V, R>(
  input: Readonly<Record<string, V>> | undefined,
  name: string,
  parse: (value: V, name: string) => R,
): Record<string, R> {
  const entries = Object.entries(input ?? {});
  if (entries.length > MAX_ENTRIES)
    throw new MillwrightError(
      'input/too-large',
      `\`${name}\` has ${entries.length} entries and may have ${MAX_ENTRIES}.`,
      { details: { name, limit: MAX_ENTRIES, received: entries.length } },
    );
  return Object.fromEntries(
    entries.map(([key, value]) => [parseStatement(key, `${name} key`, MAX_WORD), parse(value, `${name}.${key}`)]),
  );
}
