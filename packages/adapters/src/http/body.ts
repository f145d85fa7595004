import { decodeUtf8, invalidInput, MillwrightError } from '@millwright/core';

/** The members of a JSON object that a caller sent, each read with the type that it must have. */
export interface Fields {
  /** @throws `input/invalid` when it is missing or no text */
  text(name: string): string;
  /** @throws `input/invalid` */
  optional(name: string, type: 'string'): string | undefined;
  optional(name: string, type: 'number'): number | undefined;
  optional(name: string, type: 'boolean'): boolean | undefined;
  /** @throws `input/invalid` when it is there and no list of texts */
  texts(name: string): readonly string[] | undefined;
  /** As it came. */
  raw(name: string): unknown;
}

/**
 * Reads a request's JSON object, and stops as soon as it is longer than `maxBytes`.
 * @throws `input/too-large`, `input/invalid`
 */
export async function readFields(request: Request, maxBytes: number): Promise<Fields> {
  const bytes = await readBytes(request, maxBytes);
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch {
    throw invalidInput('body', 'JSON in UTF-8', `${bytes.length} bytes that are not`);
  }
  return fieldsOf(value);
}

/** @throws `input/invalid` for anything but an object */
export function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidInput('body', 'a JSON object', value);
  const members = new Map<string, unknown>(Object.entries(value));
  function optional(name: string, type: 'string'): string | undefined;
  function optional(name: string, type: 'number'): number | undefined;
  function optional(name: string, type: 'boolean'): boolean | undefined;
  function optional(name: string, type: string): unknown {
    const member = members.get(name);
    if (member === undefined || typeof member === type) return member;
    throw invalidInput(name, `a ${type}`, member);
  }
  return {
    optional,
    text(name) {
      const member = members.get(name);
      if (typeof member === 'string') return member;
      throw invalidInput(name, 'a text', member);
    },
    texts(name) {
      const member = members.get(name);
      if (member === undefined) return undefined;
      if (Array.isArray(member) && member.every((item) => typeof item === 'string')) return member;
      throw invalidInput(name, 'a list of texts', member);
    },
    raw: (name) => members.get(name),
  };
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes, announced);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > maxBytes) throw tooLarge(maxBytes, length);
    pieces.push(piece);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function tooLarge(limit: number, received: number): MillwrightError<'input/too-large'> {
  return new MillwrightError('input/too-large', `The body may have ${limit} bytes; it has ${received} or more.`, {
    details: { name: 'body', limit, received },
  });
}
