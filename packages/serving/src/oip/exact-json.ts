import { invalidInput } from '@millwright/core';

/**
 * JSON with 64-bit integers kept: an integer beyond 2^53 comes as a `bigint`, everything else as `JSON.parse` gives it.
 * Objects have no prototype in the exact reading, and a key that occurs twice is refused there.
 *
 * @throws `input/invalid` for text that is not JSON or nests deeper than 64
 */
export function parseExactJson(text: string): unknown {
  // Nearly every message has no such integer, and the platform's reader is ten times faster.
  if (!LONG_INTEGER.test(text)) return parsePlain(text);
  const reader = { text, at: 0 };
  const value = readValue(reader, 0);
  skipSpace(reader);
  if (reader.at < text.length) throw notJson(reader.at);
  return value;
}

/** JSON numbers of a typed array, bit-exact for finite values: `-0` keeps its sign. @returns undefined when one is not finite */
export function numbersToJson(data: ArrayLike<number> & { join(separator: string): string }): string | undefined {
  let negativeZero = false;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) return undefined;
    if (value === 0 && Object.is(value, -0)) negativeZero = true;
  }
  if (!negativeZero) return `[${data.join(',')}]`;
  return `[${Array.from(data, (value) => (Object.is(value, -0) ? '-0' : String(value))).join(',')}]`;
}

/** An integer of 16 digits or more that stands alone: fractions of doubles have as many digits and lose nothing. */
const LONG_INTEGER = /(?:^|[[,:\s-])\d{16,}\s*(?:[\],}]|$)/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Characters of the longest 64-bit integer: 2^64 - 1 has 20 digits, and -2^63 nineteen and a sign. */
const LONGEST = 20;
const MAX_DEPTH = 64;

interface Reader {
  readonly text: string;
  at: number;
}

function parsePlain(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson(undefined);
  }
}

function readValue(reader: Reader, depth: number): unknown {
  if (depth > MAX_DEPTH) throw invalidInput('body', `JSON of at most ${MAX_DEPTH} levels`, 'deeper JSON');
  skipSpace(reader);
  switch (reader.text[reader.at]) {
    case '{':
      return readObject(reader, depth);
    case '[':
      return readArray(reader, depth);
    case '"':
      return readString(reader);
    case 't':
      return readWord(reader, 'true', true);
    case 'f':
      return readWord(reader, 'false', false);
    case 'n':
      return readWord(reader, 'null', null);
    default:
      return readNumber(reader);
  }
}

function readObject(reader: Reader, depth: number): unknown {
  const members: Record<string, unknown> = Object.create(null);
  reader.at++;
  if (takes(reader, '}')) return members;
  do {
    skipSpace(reader);
    const key = readString(reader);
    if (Object.hasOwn(members, key)) throw invalidInput('body', 'JSON whose keys occur once', key);
    if (!takes(reader, ':')) throw notJson(reader.at);
    members[key] = readValue(reader, depth + 1);
  } while (takes(reader, ','));
  if (!takes(reader, '}')) throw notJson(reader.at);
  return members;
}

function readArray(reader: Reader, depth: number): unknown {
  const items: unknown[] = [];
  reader.at++;
  if (takes(reader, ']')) return items;
  do items.push(readValue(reader, depth + 1));
  while (takes(reader, ','));
  if (!takes(reader, ']')) throw notJson(reader.at);
  return items;
}

function readString(reader: Reader): string {
  const { text, at } = reader;
  if (text[at] !== '"') throw notJson(at);
  let end = at;
  do {
    end = text.indexOf('"', end + 1);
    if (end < 0) throw notJson(at);
  } while (isEscaped(text, end));
  reader.at = end + 1;
  return parsePlain(text.slice(at, end + 1)) as string;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before--;
  return (at - before) % 2 === 1;
}

function readNumber(reader: Reader): number | bigint {
  NUMBER.lastIndex = reader.at;
  const digits = NUMBER.exec(reader.text)?.[0];
  if (digits === undefined) throw notJson(reader.at);
  reader.at += digits.length;
  const value = Number(digits);
  // What is longer fits no 64-bit integer, and long ones are slow to read.
  const isLong = digits.length <= LONGEST && !Number.isSafeInteger(value) && /^-?\d+$/.test(digits);
  return isLong ? BigInt(digits) : value;
}

function readWord<T>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.at)) throw notJson(reader.at);
  reader.at += word.length;
  return value;
}

function takes(reader: Reader, sign: string): boolean {
  skipSpace(reader);
  if (reader.text[reader.at] !== sign) return false;
  reader.at++;
  return true;
}

function skipSpace(reader: Reader): void {
  while (SPACE.has(reader.text.charCodeAt(reader.at))) reader.at++;
}

/** Tab, line feed, carriage return, space. */
const SPACE = new Set([9, 10, 13, 32]);

function notJson(at: number | undefined) {
  return invalidInput('body', 'JSON', at === undefined ? 'other text' : `other text at character ${at}`);
}
