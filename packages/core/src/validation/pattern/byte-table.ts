import type { Automaton } from './automaton.js';

/**
 * An automaton over single bytes, one load per byte: the next state is `next[state + byte]`, and states are multiples of
 * 256. Text that needs decoding ends in the state `undecided`, and is left to whoever can.
 */
export interface ByteTable {
  readonly next: Int32Array;
  readonly start: number;
  /** By state divided by 256: 1 when text that ends here does not match. */
  readonly fails: Uint8Array;
  readonly undecided: number;
}

const MAX_STATES = 4_096;

/** The same automaton for ASCII; undefined when the table would be larger than 4 MiB. */
export function byteTableOf({ table, width, start, endsAt, ascii }: Automaton): ByteTable | undefined {
  const states = table.length / width;
  if (states >= MAX_STATES) return undefined;
  const undecided = states * 256;
  const next = new Int32Array(undecided + 256).fill(undecided);
  for (let state = 0; state < states; state++) {
    for (let byte = 0; byte < 256; byte++) {
      // What has matched, or never will, needs no decoding.
      const to = state < 2 ? state : byte < 128 ? table[state * width + ascii[byte]!]! / width : states;
      next[state * 256 + byte] = to * 256;
    }
  }
  const fails = Uint8Array.from({ length: states + 1 }, (_, state) => (state < states && endsAt[state] === 0 ? 1 : 0));
  return { next, start: (start / width) * 256, fails, undecided };
}

/** Text that equals one of `values`, as a tree of their bytes; undefined when the table would be too large. */
export function byteTableOfSet(values: readonly string[], wanted: boolean): ByteTable | undefined {
  const encoder = new TextEncoder();
  // State 0 is nowhere, state 1 the start.
  const nodes: Map<number, number>[] = [new Map(), new Map()];
  const members = new Set<number>();
  for (const value of values) {
    let at = 1;
    for (const byte of encoder.encode(value)) {
      let to = nodes[at]!.get(byte);
      if (to === undefined) {
        to = nodes.push(new Map()) - 1;
        if (to >= MAX_STATES) return undefined;
        nodes[at]!.set(byte, to);
      }
      at = to;
    }
    members.add(at);
  }
  const next = new Int32Array(nodes.length * 256);
  for (const [state, edges] of nodes.entries()) for (const [byte, to] of edges) next[state * 256 + byte] = to * 256;
  const fails = Uint8Array.from(nodes, (_, state) => (members.has(state) === wanted ? 0 : 1));
  return { next, start: 256, fails, undecided: -1 };
}
