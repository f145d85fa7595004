import type { Utf8Chunk } from './types.js';

/** The string in slot `i`. Bytes that are not UTF-8 become U+FFFD, as in every text decoder. */
export function decodeUtf8Slot(chunk: Utf8Chunk, i: number): string {
  const start = Number(chunk.offsets[i]);
  const end = Number(chunk.offsets[i + 1]);
  if (end - start <= SHORT) {
    // Short ASCII strings are most strings; the decoder's call overhead costs more than they do.
    let text = '';
    let high = 0;
    for (let at = start; at < end; at++) {
      const byte = chunk.bytes[at]!;
      high |= byte;
      text += String.fromCharCode(byte);
    }
    if (high < 0x80) return text;
  }
  return decoder.decode(chunk.bytes.subarray(start, end));
}

const SHORT = 12;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
