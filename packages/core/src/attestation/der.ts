import { invalidInput } from '../foundation/errors.js';

/** One DER value (X.690): tag, content, and the bytes of both with the length between them. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly bytes: Uint8Array;
}

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
} as const;

/** The one value that the bytes are. @throws `input/invalid` */
export function readDer(bytes: Uint8Array, tag?: number): DerValue {
  const [value, ...rest] = readAll(bytes);
  if (value === undefined || rest.length > 0) throw malformed('one DER value');
  return tag === undefined ? value : expectTag(value, tag);
}

/** The values inside a constructed one. @throws `input/invalid` */
export function childrenOf(value: DerValue): readonly DerValue[] {
  return readAll(value.content);
}

/** @throws `input/invalid` */
export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag !== tag) throw malformed(`a DER value with tag ${tag}`);
  return value;
}

/** The bytes of a bit string without unused bits. @throws `input/invalid` */
export function bitsOf(value: DerValue | undefined): Uint8Array {
  const { content } = expectTag(value, DER.bitString);
  if (content[0] !== 0) throw malformed('a bit string of whole bytes');
  return content.subarray(1);
}

/** The value with this tag around the parts. */
export function writeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const head = size < 0x80 ? [tag, size] : size < 0x100 ? [tag, 0x81, size] : [tag, 0x82, size >> 8, size & 0xff];
  const bytes = new Uint8Array(head.length + size);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

function readAll(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const first = bytes[at + 1];
    if (first === undefined) throw malformed('a DER length');
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    // Longer ones do not occur in keys, signatures and certificates; 0x80 alone is BER.
    if (first >= 0x80 && (lengthBytes < 1 || lengthBytes > 3)) throw malformed('a definite DER length');
    const start = at + 2 + lengthBytes;
    let length = first;
    if (lengthBytes > 0) length = bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
    const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
    if (shortest !== lengthBytes || start + length > bytes.byteLength)
      throw malformed('a DER length in its shortest form');
    values.push({
      tag: bytes[at]!,
      content: bytes.subarray(start, start + length),
      bytes: bytes.subarray(at, start + length),
    });
    at = start + length;
  }
  return values;
}

function malformed(expected: string) {
  return invalidInput('bytes', expected, 'other bytes');
}
