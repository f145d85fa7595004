import { MillwrightError } from './errors.js';

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** An object that JSON can hold. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** How deep canonical JSON may nest. Deeper input is a mistake or an attack. */
export const MAX_JSON_DEPTH = 64;

/**
 * RFC 8785 canonical JSON: keys by UTF-16 code units, shortest numbers, no white space. `-0` becomes `0`.
 * Refuses what JSON would lose in silence: NaN and infinities, undefined, integers beyond 2^53 - 1, lone surrogates,
 * functions, symbols, bigints, cycles, and objects that are not plain.
 *
 * @throws `input/not-json` with the path of the first offending value
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$', 0, new Set());
}

function write(value: unknown, path: string, depth: number, above: Set<object>): string {
  if (depth > MAX_JSON_DEPTH) throw refuse(path, `nests deeper than ${MAX_JSON_DEPTH}`);
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'string':
      if (!value.isWellFormed()) throw refuse(path, 'holds a lone surrogate');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw refuse(path, `is ${value}; write it as a string or leave it out`);
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw refuse(path, `is an integer beyond 2^53 - 1; write it as a string`);
      // The RFC takes the shortest text that reads back as the same double from ECMAScript; of -0 that is `0`.
      return String(value);
    case 'object':
      if (value === null) return 'null';
      break;
    default:
      throw refuse(path, `is ${value === undefined ? 'undefined' : `a ${typeof value}`}`);
  }
  if (above.has(value)) throw refuse(path, 'contains itself');
  above.add(value);
  const parts: string[] = [];
  const isList = Array.isArray(value);
  if (isList) {
    for (let i = 0; i < value.length; i++) parts.push(write(value[i], `${path}[${i}]`, depth + 1, above));
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw refuse(path, 'is not a plain object');
    const members = new Map<string, unknown>(Object.entries(value));
    for (const key of [...members.keys()].sort()) {
      if (!key.isWellFormed()) throw refuse(path, 'has a key with a lone surrogate');
      parts.push(`${JSON.stringify(key)}:${write(members.get(key), `${path}.${key}`, depth + 1, above)}`);
    }
  }
  above.delete(value);
  return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

function refuse(path: string, reason: string): MillwrightError<'input/not-json'> {
  return new MillwrightError('input/not-json', `Cannot write \`${path}\` as JSON: it ${reason}.`, {
    details: { path, reason },
  });
}
