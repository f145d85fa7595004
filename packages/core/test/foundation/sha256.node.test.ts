import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as library from '../../src/foundation/sha256.js';
import * as native from '../../src/foundation/sha256.node.js';

test('Node and the library agree, at once and in pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (chunks) => {
      const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
      const expected = native.sha256Bytes(whole);
      expect(library.sha256Bytes(whole)).toEqual(expected);
      for (const { createSha256 } of [native, library]) {
        const hash = createSha256();
        for (const chunk of chunks) hash.update(chunk);
        expect(hash.digest()).toEqual(expected);
      }
    }),
  );
});
