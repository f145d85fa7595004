import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { compilePattern } from '../../src/validation/pattern/pattern.js';

const utf8 = new TextEncoder();

function both(pattern: string, text: string, flags = ''): boolean {
  const compiled = compilePattern(pattern, flags);
  const bytes = utf8.encode(`..${text}..`);
  const answer = compiled.matches(text);
  expect(compiled.matchesBytes(bytes, 2, bytes.length - 2)).toBe(answer);
  return answer;
}

describe('compilePattern', () => {
  const patterns = [
    '', '^$', '$', '^a+$', 'a|^b$', '(a|ab)*c', '^(a+)+$', 'x{2,4}y', 'x{2}$', 'x{0,1}y', '[^\\d\\s]+$', '^.{2}$', 'a.c',
    '^\\w{3}-\\d{2}$', '(?:foo|bar)(?<n>baz)?$', 'a*?b+?', '[\\]\\-a]', '\\u{1F469}', '\\u00e9', 'é', '[à-ü]+$', '[^a]',
    '^(?!ab)a', '^(?=a)(?!ab)', '^[a-z0-9]+@[a-z]+\\.[a-z]+$', '(^a|b)$', '(|a)b', '\\.', '[.]', '\\$', 'a{1,2}{2}'.slice(0, 6),
  ]; // biome-ignore format: one list
  const texts = [
    '', 'a', 'aa', 'b', 'ab', 'abab', 'cab', 'c', 'xxy', 'xy', 'xxxxxy', 'user1@example.org', 'é', 'éa', 'aé', '👩', 'x👩',
    'a\nc', 'a\u2028c', 'abc', 'foobaz', 'foo-12', '-', ']', '.', '$', '\ufeff', ' ',
  ]; // biome-ignore format: one list

  test.each(patterns)('/%s/ equals RegExp', (pattern) => {
    const expected = new RegExp(pattern, 'u');
    for (const text of texts) expect([text, both(pattern, text)]).toEqual([text, expected.test(text)]);
  });

  test('reads the patterns of zod', () => {
    const { source } = z.email().def.pattern ?? z.regexes.email;
    const regexp = new RegExp(source);
    for (const text of ['b.c@d.efg', '..a@b.co', 'a..b@c.de', '.a@b.cd', 'a@b', 'a@b-c.de', "o'x+1@d.ee"])
      expect([text, both(source, text)]).toEqual([text, regexp.test(text)]);
    expect(both(z.regexes.ipv4.source, '1.2.3.4')).toBe(true);
    expect(both(z.uuid().def.pattern?.source ?? '^$', '123e4567-e89b-42d3-a456-426614174000')).toBe(true);
  });

  test('ignores the case of ASCII letters when asked', () => {
    expect(both('^ab[^c]$', 'ABD', 'i')).toBe(true);
    expect(both('^ab[^c]$', 'ABC', 'i')).toBe(false);
    expect(both('^ab[^c]$', 'ABD')).toBe(false);
  });

  test('generated patterns equal RegExp', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', 'é', '(?:a|b)', '(?:ab|a)');
    const piece = fc.tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}')).map((p) => p.join(''));
    const body = fc.array(piece, { maxLength: 5 }).map((p) => p.join(''));
    const pattern = fc.tuple(fc.constantFrom('', '^'), body, fc.constantFrom('', '|b', '|'), fc.constantFrom('', '$'));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', 'é', '\n', '👩'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (parts, t) => {
        const source = parts.join('');
        return both(source, t) === new RegExp(source, 'u').test(t);
      }),
      { numRuns: 500 },
    );
  });

  test('cannot be made to backtrack', () => {
    const text = `${'a'.repeat(20_000)}!`;
    for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*)*x', 'a*a*a*a*a*b'])
      expect(both(pattern, text)).toBe(false);
  });

  test.each([
    ['(a)\\1', 'a back-reference'],
    ['\\bword', 'a word boundary'],
    ['(?<=a)b', 'look-behind'],
    ['a(?=b)', 'look-ahead in the middle'],
    ['(?!a)b', 'look-ahead without an anchor'],
    ['\\p{L}', 'a property'],
    ['(?:a{1000}){1000}', 'too many states'],
    ['(.*a.{15}){3}', 'too many subsets'],
    ['a{3,2}', 'reversed bounds'],
    ['[b-a]', 'a reversed range'],
    ['(', 'an open group'],
    ['a)', 'a closed group'],
    ['[a', 'an open class'],
    ['*a', 'a quantifier alone'],
    ['a**', 'two quantifiers'],
    ['a{', 'an open quantifier'],
    ['\\', 'an escape of nothing'],
    ['\\u{110000}', 'too high a code point'],
    ['\\xZZ', 'a malformed escape'],
    ['('.repeat(500), 'deep nesting'],
    ['a'.repeat(1001), 'a long pattern'],
  ])('refuses %s (%s)', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(SyntaxError);
  });
});
