import { digestBytes, digestJson, digestStream, encodeUtf8, fromHex, parseDigest, toHex } from '@millwright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('SHA-256', () => {
  // FIPS 180-4 examples and NIST's one-block, two-block and million-a messages.
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('of %.20j', async (text, hex) => {
    expect(digestBytes(encodeUtf8(text))).toBe(`sha256:${hex}`);
    const stream = new Blob([text]).stream();
    const chunks = (async function* () {
      const reader = stream.getReader();
      for (let r = await reader.read(); !r.done; r = await reader.read()) yield r.value;
    })();
    expect(await digestStream(chunks)).toEqual({ digest: `sha256:${hex}`, size: text.length });
  });

  test('a stream has the digest of its bytes, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), async (chunks) => {
        const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
        const stream = (async function* () {
          yield* chunks;
        })();
        expect(await digestStream(stream)).toEqual({ digest: digestBytes(whole), size: whole.length });
      }),
    );
  });

  test('digests JSON by value', () => {
    expect(digestJson({ b: 1, a: [true] })).toBe(digestJson({ a: [true], b: 1 }));
    expect(digestJson({ a: [true], b: 1 })).toBe(digestBytes(encodeUtf8('{"a":[true],"b":1}')));
  });
});

describe('texts', () => {
  test('hexadecimal goes there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
    expect(fromHex('DEADbeef')).toEqual(Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
    for (const bad of ['a', 'zz', '0x00', ' 00']) expect(() => fromHex(bad)).toThrow('hexadecimal');
  });

  test('a digest is parsed, not believed', () => {
    const good = `sha256:${'0a'.repeat(32)}`;
    expect(parseDigest(good)).toBe(good);
    for (const bad of [
      good.toUpperCase(),
      good.slice(0, -1),
      `${good}0`,
      `md5:${'0a'.repeat(16)}`,
      ` ${good}`,
      `${good}\n`,
      7,
      null,
    ])
      expect(() => parseDigest(bad)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });
});
