import { type Automaton, automatonOf } from './automaton.js';
import { type ByteTable, byteTableOf } from './byte-table.js';
import { type Node, PatternError, parsePattern } from './syntax.js';

/** A compiled pattern. Matching is linear in the length of the text: there is nothing to backtrack. */
export interface Pattern {
  readonly source: string;
  matches(text: string): boolean;
  /** The same for bytes `from` to `to` in UTF-8. */
  matchesBytes(bytes: Uint8Array, from: number, to: number): boolean;
  /** The faster form for ASCII, where there is one. */
  readonly table?: ByteTable | undefined;
}

const MAX_PATTERN_LENGTH = 1_000;

/**
 * Compiles a pattern: ECMAScript syntax with code points as letters (the `u` flag) and the flag `i` for ASCII letters.
 * It searches; anchor it to match the whole text.
 *
 * @throws PatternError when the pattern is not a regular language, too long or too large
 */
export function compilePattern(source: string, flags = ''): Pattern {
  if (source.length > MAX_PATTERN_LENGTH) throw new PatternError(`longer than ${MAX_PATTERN_LENGTH} characters`);
  const unknown = flags.replace(/[iuv]/g, '');
  if (unknown !== '') throw new PatternError(`flag \`${unknown}\``);
  const { main, ahead } = split(parsePattern(source, flags.includes('i')));
  const machine = automatonOf(main);
  if (ahead.length === 0) {
    return {
      source,
      matches: (text) => runText(machine, text),
      matchesBytes: (bytes, from, to) => runBytes(machine, bytes, from, to),
      table: byteTableOf(machine),
    };
  }
  const guards = ahead.map(({ node, negative }) => ({ guard: automatonOf(node, true), negative }));
  return {
    source,
    matches: (text) =>
      guards.every(({ guard, negative }) => runText(guard, text) !== negative) && runText(machine, text),
    matchesBytes: (bytes, from, to) =>
      guards.every(({ guard, negative }) => runBytes(guard, bytes, from, to) !== negative) &&
      runBytes(machine, bytes, from, to),
  };
}

/** Look-aheads after a leading `^` are conditions of their own on the whole text. */
function split(tree: Node): { main: Node; ahead: (Node & { kind: 'ahead' })[] } {
  if (tree.kind !== 'sequence' || tree.parts[0]?.kind !== 'start') return { main: tree, ahead: [] };
  const ahead: (Node & { kind: 'ahead' })[] = [];
  let from = 1;
  for (; from < tree.parts.length; from++) {
    const part = tree.parts[from]!;
    if (part.kind !== 'ahead') break;
    ahead.push(part);
  }
  return { main: { kind: 'sequence', parts: [tree.parts[0], ...tree.parts.slice(from)] }, ahead };
}

/** About 1 ns a byte for ASCII. */
function runBytes(machine: Automaton, bytes: Uint8Array, from: number, to: number): boolean {
  const { table, ascii, width, endsAt } = machine;
  let state = machine.start;
  for (let i = from; i < to; ) {
    const byte = bytes[i]!;
    if (byte < 128) {
      state = table[state + ascii[byte]!]!;
      i++;
    } else {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      state = table[state + classOf(machine, decode(bytes, i, length))]!;
      i += length;
    }
    if (state <= width) return state === width;
  }
  return endsAt[state / width] === 1;
}

function runText(machine: Automaton, text: string): boolean {
  const { table, ascii, width, endsAt } = machine;
  let state = machine.start;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point < 128) state = table[state + ascii[point]!]!;
    else {
      point = text.codePointAt(i)!;
      if (point > 0xffff) i++;
      state = table[state + classOf(machine, point)]!;
    }
    if (state <= width) return state === width;
  }
  return endsAt[state / width] === 1;
}

function decode(bytes: Uint8Array, i: number, length: number): number {
  let point = bytes[i]! & (0x7f >> length);
  for (let k = 1; k < length; k++) point = (point << 6) | (bytes[i + k]! & 0x3f);
  return point;
}

function classOf(machine: Automaton, point: number): number {
  const { cuts } = machine;
  let low = 0;
  let high = cuts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (cuts[middle]! <= point) low = middle;
    else high = middle - 1;
  }
  return machine.cutClass[low]!;
}
