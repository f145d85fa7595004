import { canonicalJson, digestJson, encodeUtf8, MAX_JSON_DEPTH, toHex } from '@millwright/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('RFC 8785', () => {
  // Appendix B, finite values: the IEEE 754 bits and the text.
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('number %s is %s, or is refused as an unsafe integer', (bits, text) => {
    const value = new DataView(BigUint64Array.of(BigInt(`0x${bits}`)).buffer).getFloat64(0, true);
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'input/not-json' }));
    else expect(canonicalJson(value)).toBe(text);
  });

  test('the example of §3.2.2 and §3.2.3, byte for byte', () => {
    const value = {
      // Without the example's 1E30, which is an unsafe integer here.
      numbers: JSON.parse('[333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001]'),
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(toHex(encodeUtf8(canonicalJson(value)))).toBe(
      toHex(
        encodeUtf8(
          '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
        ),
      ),
    );
  });

  test('sorts keys by UTF-16 code units, at every depth', () => {
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson({ z: keys, a: [] })).toBe(
      '{"a":[],"z":{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}}',
    );
    expect(canonicalJson({ 10: 1, 9: 2 })).toBe('{"10":1,"9":2}');
  });

  test('escapes as short as it can', () => {
    expect(canonicalJson('\b\t\n\f\r"\\/\u0000\u001f\u007f\u2028')).toBe(
      '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\u007f\u2028"',
    );
  });

  test('what it writes parses to an equal value, and key order does not matter', { timeout: 30_000 }, () => {
    const isWritable = (value: unknown) => {
      try {
        return canonicalJson(value) !== '';
      } catch {
        return false;
      }
    };
    const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary', depthSize: 'small' }).filter(isWritable);
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        const turned = JSON.parse(JSON.stringify(value), (_, member) =>
          member !== null && typeof member === 'object' && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).reverse())
            : member,
        );
        expect(digestJson(turned)).toBe(digestJson(value));
      }),
      { numRuns: 50 },
    );
  });

  test('keeps hostile keys as data', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1},"constructor":2}'))).toBe(
      '{"__proto__":{"a":1},"constructor":2}',
    );
  });
});

describe('refusals', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  let deep: unknown = 0;
  for (let i = 0; i <= MAX_JSON_DEPTH; i++) deep = [deep];
  test.each([
    ['NaN', Number.NaN],
    ['an infinity', [Number.NEGATIVE_INFINITY]],
    ['undefined', { a: undefined }],
    ['a hole', new Array(1)],
    ['an unsafe integer', { a: [2 ** 53] }],
    ['a lone surrogate', ['\ud800']],
    ['a key with a lone surrogate', { '\udc00': 1 }],
    ['a function', { f: () => 1 }],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a typed array', new Float64Array(2)],
    ['a class instance', new (class Point {})()],
    ['a cycle', cycle],
    ['too deep', deep],
  ])('%s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'input/not-json' }));
  });

  test('names the path', () => {
    expect(() => canonicalJson({ runs: [{ loss: Number.NaN }] })).toThrow('`$.runs[0].loss`');
  });

  test('the same object twice is no cycle', () => {
    const shared = { a: 1 };
    expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  });
});
