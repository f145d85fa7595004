import { internStrings, type Utf8Chunk } from '@millwright/core/table';
import { expect, test } from 'vitest';

/** 2^`pairs` strings of one FNV-1a hash: every pair of blocks leads from one state to one other (Joux 2004). */
function collidingStrings(pairs: number): readonly string[] {
  let texts = [''];
  let state = 0x811c9dc5 | 0;
  let random = 1;
  for (let k = 0; k < pairs; k++) {
    const seen = new Map<number, string>();
    for (;;) {
      let block = '';
      for (let i = 0; i < 6; i++) {
        random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
        block += String.fromCharCode(97 + ((random >>> 16) % 26));
      }
      const next = [...block].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), state);
      const other = seen.get(next);
      if (other === undefined || other === block) {
        seen.set(next, block);
        continue;
      }
      texts = texts.flatMap((text) => [text + other, text + block]);
      state = next;
      break;
    }
  }
  return texts;
}

function chunkOf(texts: readonly (string | null)[]): Utf8Chunk {
  const parts = texts.map((text) => new TextEncoder().encode(text ?? ''));
  const offsets = new Int32Array(texts.length + 1);
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length;
  const bits = new Uint8Array(Math.ceil(texts.length / 8));
  for (const [i, text] of texts.entries()) if (text !== null) bits[i >> 3]! |= 1 << (i & 7);
  return {
    kind: 'utf8',
    length: texts.length,
    nullCount: texts.filter((text) => text === null).length,
    validity: { bits, offset: 0 },
    bytes: Uint8Array.from(parts.flatMap((part) => [...part])),
    offsets,
  };
}

test('strings made to fall into one slot are told apart, in a number of steps that grows with the rows', () => {
  const texts = [...collidingStrings(11), null, 'one', ...collidingStrings(4).slice(0, 3), 'one', null];
  const { codes, dictionary } = internStrings(chunkOf(texts));
  expect(Array.from(codes, (code) => (code < 0 ? null : dictionary[code]))).toEqual(texts);
  expect(new Set(dictionary).size).toBe(dictionary.length);
});
