import { contains, MAX_POINT, type Ranges } from './ranges.js';
import { type Node, PatternError } from './syntax.js';

/**
 * A deterministic automaton over classes of code points. `table[state + class]` is the next state; states are multiples
 * of `width`. State 0 never matches, state `width` has matched.
 */
export interface Automaton {
  readonly width: number;
  readonly table: Int32Array;
  readonly start: number;
  /** By state divided by `width`: 1 when the text may end here. */
  readonly endsAt: Uint8Array;
  /** Class of each code point below 128. */
  readonly ascii: Uint8Array;
  /** First code point of each interval, ascending, and its class. */
  readonly cuts: Int32Array;
  readonly cutClass: Uint8Array;
}

const MAX_NFA = 20_000;
const MAX_STATES = 4_000;
const MAX_WORK = 5_000_000;

interface State {
  /** Where to go without reading. */
  readonly free: number[];
  readonly atStart: number[];
  readonly atEnd: number[];
  ranges: Ranges | undefined;
  next: number;
}

/**
 * The automaton that says whether `node` matches somewhere in a text, or at its beginning when `anchored`
 * (Thompson's construction, then subsets).
 *
 * @throws PatternError when the pattern needs too many states
 */
export function automatonOf(node: Node, anchored = false): Automaton {
  const states: State[] = [];
  const done = add();
  const entry = build(node, done);
  const { cuts, cutClass, samples } = classes(states);
  const width = samples.length;
  let work = 0;

  const sets: number[][] = [[], [done]];
  const ids = new Map<string, number>([['', 0]]);
  const rows: number[] = [];
  const ends: number[] = [0, 1];
  const restart = anchored ? [] : closure([entry], false, false);
  const first = closure([entry], true, false);
  // The first state alone may use `^`, so it is never shared with a state that holds the same places later on.
  const startId = first.includes(done) ? 1 : sets.push(first) - 1;
  if (startId > 1) ends[startId] = closure([entry], true, true).includes(done) ? 1 : 0;
  for (let id = 0; id < sets.length; id++) {
    for (let c = 0; c < width; c++) rows.push(id < 2 ? id * width : step(sets[id]!, samples[c]!) * width);
  }
  const ascii = new Uint8Array(128);
  for (let i = 0, cut = 0; i < 128; i++) {
    while (cut + 1 < cuts.length && cuts[cut + 1]! <= i) cut++;
    ascii[i] = cutClass[cut]!;
  }
  return {
    width,
    table: Int32Array.from(rows),
    start: startId * width,
    endsAt: Uint8Array.from(ends),
    ascii,
    cuts,
    cutClass,
  };

  function step(set: readonly number[], point: number): number {
    const targets: number[] = [];
    for (const s of set) {
      const { ranges, next } = states[s]!;
      if (ranges && contains(ranges, point)) targets.push(next);
    }
    work += set.length + 1;
    if (work > MAX_WORK) throw new PatternError('too much work; write it simpler');
    const after = closure(targets, false, false);
    const merged = restart.length === 0 ? after : [...new Set([...after, ...restart])].sort((a, b) => a - b);
    if (merged.includes(done)) return 1;
    const key = merged.join();
    let id = ids.get(key);
    if (id === undefined) {
      id = sets.push(merged) - 1;
      if (id > MAX_STATES) throw new PatternError(`more than ${MAX_STATES} states; write it simpler`);
      ids.set(key, id);
      ends[id] = closure(merged, false, true).includes(done) ? 1 : 0;
    }
    return id;
  }

  function closure(from: readonly number[], atStart: boolean, atEnd: boolean): number[] {
    const seen = new Set(from);
    for (const s of seen) {
      const state = states[s]!;
      for (const t of state.free) seen.add(t);
      if (atStart) for (const t of state.atStart) seen.add(t);
      if (atEnd) for (const t of state.atEnd) seen.add(t);
    }
    work += seen.size;
    return [...seen].sort((a, b) => a - b);
  }

  function add(): number {
    if (states.length >= MAX_NFA) throw new PatternError('too many repetitions; write it simpler');
    return states.push({ free: [], atStart: [], atEnd: [], ranges: undefined, next: 0 }) - 1;
  }

  /** The state from which `node` leads to `to`. */
  function build(node: Node, to: number): number {
    switch (node.kind) {
      case 'set': {
        const s = add();
        states[s]!.ranges = node.ranges;
        states[s]!.next = to;
        return s;
      }
      case 'start':
      case 'end': {
        const s = add();
        states[s]![node.kind === 'start' ? 'atStart' : 'atEnd'].push(to);
        return s;
      }
      case 'sequence':
        return node.parts.reduceRight((next, part) => build(part, next), to);
      case 'choice': {
        const s = add();
        for (const part of node.parts) states[s]!.free.push(build(part, to));
        return s;
      }
      case 'repeat': {
        let next = to;
        if (node.max === Number.POSITIVE_INFINITY) {
          next = add();
          states[next]!.free.push(to, build(node.node, next));
        } else {
          for (let i = node.min; i < node.max; i++) {
            const optional = add();
            states[optional]!.free.push(to, build(node.node, next));
            next = optional;
          }
        }
        for (let i = 0; i < node.min; i++) next = build(node.node, next);
        return next;
      }
      case 'ahead':
        throw new PatternError('look-ahead elsewhere than right after a leading `^`');
      default:
        return node satisfies never;
    }
  }
}

/** Code points that no set tells apart share a class. `samples` holds one code point of each class. */
function classes(states: readonly State[]) {
  const sets = [...new Set(states.flatMap((s) => (s.ranges ? [s.ranges] : [])))];
  const starts = new Set([0]);
  for (const ranges of sets) {
    for (let i = 0; i < ranges.length; i += 2) {
      starts.add(ranges[i]!);
      if (ranges[i + 1]! < MAX_POINT) starts.add(ranges[i + 1]! + 1);
    }
  }
  const cuts = Int32Array.from(starts).sort();
  const byMembers = new Map<string, number>();
  const samples: number[] = [];
  const cutClass = new Uint8Array(cuts.length);
  if (cuts.length * sets.length > MAX_WORK) throw new PatternError('too many character classes; write it simpler');
  for (let i = 0; i < cuts.length; i++) {
    const members = sets.map((ranges) => (contains(ranges, cuts[i]!) ? '1' : '0')).join('');
    let id = byMembers.get(members);
    if (id === undefined) {
      id = samples.push(cuts[i]!) - 1;
      if (id > 255) throw new PatternError('more than 256 character classes; write it simpler');
      byMembers.set(members, id);
    }
    cutClass[i] = id;
  }
  return { cuts, cutClass, samples };
}
