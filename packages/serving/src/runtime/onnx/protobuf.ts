import { MillwrightError } from '@millwright/core';

/** One field of a protobuf message. `bytes` is set for length-delimited fields, `value` for the others. */
export interface Field {
  readonly number: number;
  readonly bytes: Uint8Array | undefined;
  readonly value: number;
}

/** What is thrown at the first byte that makes no sense. */
export function malformed(reason: string): MillwrightError<'serving/untrusted-model'> {
  const sentence = `The file is not an ONNX model: ${reason}.`;
  return new MillwrightError('serving/untrusted-model', sentence, { details: { reasons: [sentence] } });
}

/**
 * The fields of one protobuf message, without copying. Only what ONNX uses: varint, 64-bit, length-delimited, 32-bit.
 * Groups, overlong varints and lengths beyond the message are refused.
 *
 * @throws `serving/untrusted-model`
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const key = varint(message, cursor);
    const number = Math.floor(key / 8);
    if (number === 0 || number > 0x1fffffff) throw malformed(`field number ${number}`);
    switch (key % 8) {
      case 0:
        yield { number, bytes: undefined, value: varint(message, cursor) };
        break;
      case 1:
        if (cursor.at + 8 > message.length) throw malformed('a 64-bit value is cut off');
        yield { number, bytes: undefined, value: view.getFloat64(cursor.at, true) };
        cursor.at += 8;
        break;
      case 2: {
        const length = varint(message, cursor);
        if (length > message.length - cursor.at) throw malformed(`a length of ${length} bytes runs past the end`);
        yield { number, bytes: message.subarray(cursor.at, cursor.at + length), value: length };
        cursor.at += length;
        break;
      }
      case 5:
        if (cursor.at + 4 > message.length) throw malformed('a 32-bit value is cut off');
        yield { number, bytes: undefined, value: view.getFloat32(cursor.at, true) };
        cursor.at += 4;
        break;
      default:
        throw malformed(`wire type ${key % 8}`);
    }
  }
}

/** The varints of a packed field. */
export function* packedVarints(bytes: Uint8Array): Generator<number> {
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) yield varint(bytes, cursor);
}

/** Little-endian 64-bit integers, as `raw_data` holds them. */
export function rawInt64s(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 3 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

/** A varint as a signed 64-bit integer; beyond 2^53 it is only right to 53 bits, which is enough to refuse it. */
function varint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw malformed('a number is cut off');
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 128) return value >= 2 ** 63 ? value - 2 ** 64 : value;
  }
  throw malformed('a number is longer than 10 bytes');
}
