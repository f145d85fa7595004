import { decodeUtf8, fromBase64 } from '../foundation/bytes.js';
import type { JsonObject } from '../foundation/canonical-json.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';

/** The object in bytes of JSON. @throws `input/invalid` */
export function parseObject(bytes: Uint8Array): JsonObject {
  try {
    return object(JSON.parse(decodeUtf8(bytes)), 'profile');
  } catch (cause) {
    if (cause instanceof MillwrightError) throw cause;
    throw invalidInput('profile', 'JSON', `${bytes.length} bytes`);
  }
}

export function object(value: unknown, name: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidInput(name, 'an object', value);
}

export function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalidInput(name, 'an array', value);
}

export function count(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw invalidInput(name, 'a count', value);
}

/** Doubles, little-endian on every platform. */
export function littleEndian(values: Float64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  for (let i = 0; i < values.length; i++) view.setFloat64(i * 8, values[i]!, true);
  return new Uint8Array(view.buffer);
}

export function doubles(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.length >> 3 }, (_, i) => view.getFloat64(i * 8, true));
}

/** Counts in 7 bits a byte, least significant first: most take one or two bytes. */
export function varints(values: Float64Array): Uint8Array {
  const out: number[] = [];
  for (const value of values) {
    let rest = value;
    while (rest >= 128) {
      out.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    out.push(rest);
  }
  return Uint8Array.from(out);
}

export function unvarints(bytes: Uint8Array): Float64Array {
  const values: number[] = [];
  let value = 0;
  let unit = 1;
  for (const byte of bytes) {
    value += (byte & 127) * unit;
    unit *= 128;
    if (byte < 128) {
      values.push(value);
      value = 0;
      unit = 1;
    }
  }
  return Float64Array.from(values);
}

export function bytesIn(value: unknown, name: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined;
  if (bytes === undefined) throw invalidInput(name, 'base64', value);
  return bytes;
}
