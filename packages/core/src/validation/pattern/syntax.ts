import { complement, DIGIT, fold, LINE_END, type Ranges, SPACE, union, WORD } from './ranges.js';

/** A regular expression as a tree. Groups, laziness and capture names make no difference to whether it matches. */
export type Node =
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'start' | 'end' }
  /** Only at the very beginning of an anchored pattern. */
  | { readonly kind: 'ahead'; readonly node: Node; readonly negative: boolean };

/** Why a pattern is refused. */
export class PatternError extends SyntaxError {}

const MAX_REPEAT = 1_000;
const MAX_DEPTH = 100;

/**
 * Parses the part of ECMAScript's syntax that is a regular language, so that matching takes time linear in the text
 * whatever the pattern: no back-references, no look-behind, no word boundaries, look-ahead only right after a leading `^`.
 *
 * @throws PatternError with the reason
 */
export function parsePattern(source: string, ignoreCase: boolean): Node {
  const points = Array.from(source, (c) => c.codePointAt(0)!);
  let at = 0;
  let depth = 0;
  const tree = choice();
  if (at < points.length) throw refuse('an unmatched `)`');
  return tree;

  function choice(): Node {
    if (++depth > MAX_DEPTH) throw refuse(`groups nested deeper than ${MAX_DEPTH}`);
    const parts = [sequence()];
    while (take('|')) parts.push(sequence());
    depth--;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  function sequence(): Node {
    const parts: Node[] = [];
    while (at < points.length && !peek('|') && !peek(')')) parts.push(quantified());
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  function quantified(): Node {
    const node = atom();
    const bounds = quantifier();
    if (bounds === undefined) return node;
    take('?');
    if (node.kind === 'start' || node.kind === 'end' || node.kind === 'ahead') throw refuse('a repeated assertion');
    const [min, max] = bounds;
    if (max < min) throw refuse(`a quantifier {${min},${max}} whose bounds are reversed`);
    if (min > MAX_REPEAT || (max !== Number.POSITIVE_INFINITY && max > MAX_REPEAT))
      throw refuse(`a repetition of more than ${MAX_REPEAT}`);
    return { kind: 'repeat', node, min, max };
  }

  function quantifier(): readonly [number, number] | undefined {
    if (take('*')) return [0, Number.POSITIVE_INFINITY];
    if (take('+')) return [1, Number.POSITIVE_INFINITY];
    if (take('?')) return [0, 1];
    if (!peek('{')) return undefined;
    const match = /^\{(\d+)(,(\d*))?\}/.exec(String.fromCodePoint(...points.slice(at, at + 24)));
    if (match === null) throw refuse('a `{` that starts no quantifier; write `\\{`');
    at += match[0].length;
    const min = Number(match[1]);
    if (match[2] === undefined) return [min, min];
    return [min, match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])];
  }

  function atom(): Node {
    if (take('(')) return group();
    if (take('[')) return set(bracket());
    if (take('.')) return { kind: 'set', ranges: complement(LINE_END) };
    if (take('^')) return { kind: 'start' };
    if (take('$')) return { kind: 'end' };
    if (take('\\')) return set(escaped(false));
    const point = points[at++]!;
    if (['*', '+', '?', '{'].includes(String.fromCodePoint(point))) throw refuse('a quantifier with nothing before it');
    return set([point, point]);
  }

  function group(): Node {
    let wrap = (node: Node): Node => node;
    if (take('?')) {
      const isFirst = points.slice(0, at - 2).every((_, i) => i === 0 && points[0] === 94) || onlyAheadsBefore();
      if (take('=') || peek('!')) {
        const negative = take('!');
        if (!isFirst) throw refuse('look-ahead elsewhere than right after a leading `^`');
        wrap = (node) => ({ kind: 'ahead', node, negative });
      } else if (take('<')) {
        if (peek('=') || peek('!')) throw refuse('look-behind');
        while (at < points.length && !take('>')) at++;
      } else if (!take(':')) throw refuse('a group modifier');
    }
    const node = choice();
    if (!take(')')) throw refuse('a `(` that is not closed');
    return wrap(node);
  }

  /** True when everything before the group that is being opened is `^` and look-aheads. */
  function onlyAheadsBefore(): boolean {
    return depth === 1 && /^\^(\(\?[=!]([^()]|\([^()]*\))*\))*\(\?$/.test(String.fromCodePoint(...points.slice(0, at)));
  }

  function bracket(): Ranges {
    const negated = take('^');
    let ranges: Ranges = [];
    while (!take(']')) {
      if (at >= points.length) throw refuse('a `[` that is not closed');
      const low = classAtom();
      if (peek('-') && points[at + 1] !== 93 && at + 1 < points.length) {
        at++;
        const high = classAtom();
        if (low.length !== 2 || low[0] !== low[1] || high.length !== 2 || high[0] !== high[1] || low[0]! > high[0]!)
          throw refuse('a character range whose ends are not in order');
        ranges = union(ranges, [low[0]!, high[0]!]);
      } else ranges = union(ranges, low);
    }
    const folded = ignoreCase ? fold(ranges) : ranges;
    return negated ? complement(folded) : folded;
  }

  function classAtom(): Ranges {
    if (take('\\')) return escaped(true);
    const point = points[at++]!;
    return [point, point];
  }

  function escaped(inClass: boolean): Ranges {
    const point = points[at++];
    if (point === undefined) throw refuse('a `\\` at the end');
    const letter = String.fromCodePoint(point);
    const known = ESCAPES[letter];
    if (known) return known;
    if (inClass && letter === 'b') return [8, 8];
    if (letter === 'x') return hex(2);
    if (letter === 'u') {
      if (!take('{')) return hex(4);
      const close = points.indexOf(125, at);
      const code = hex(close - at);
      at++;
      return code;
    }
    if (/[A-Za-z0-9]/.test(letter)) throw refuse(`\`\\${letter}\``);
    return [point, point];
  }

  function hex(length: number): Ranges {
    const digits = String.fromCodePoint(...points.slice(at, at + length));
    if (length < 1 || digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits)) throw refuse('a malformed escape');
    at += length;
    const code = Number.parseInt(digits, 16);
    if (code > 0x10ffff) throw refuse('a code point beyond U+10FFFF');
    return [code, code];
  }

  function set(ranges: Ranges): Node {
    return { kind: 'set', ranges: ignoreCase ? fold(ranges) : ranges };
  }

  function peek(char: string): boolean {
    return points[at] === char.codePointAt(0);
  }

  function take(char: string): boolean {
    if (!peek(char)) return false;
    at++;
    return true;
  }

  function refuse(what: string): PatternError {
    return new PatternError(`${what} (near position ${at})`);
  }
}

const ESCAPES: Readonly<Record<string, Ranges | undefined>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
  t: [9, 9],
  n: [10, 10],
  v: [11, 11],
  f: [12, 12],
  r: [13, 13],
  0: [0, 0],
};
