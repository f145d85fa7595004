/** Sorted, disjoint, inclusive ranges of code points, flat: `[from, to, from, to, …]`. */
export type Ranges = readonly number[];

export const MAX_POINT = 0x10ffff;

export const DIGIT: Ranges = [48, 57];
export const WORD: Ranges = [48, 57, 65, 90, 95, 95, 97, 122];
/** ECMAScript's WhiteSpace and LineTerminator. */
export const SPACE: Ranges = [
  9, 13, 32, 32, 160, 160, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000,
  0x3000, 0xfeff, 0xfeff,
];
/** What `.` does not match. */
export const LINE_END: Ranges = [10, 10, 13, 13, 0x2028, 0x2029];

export function union(a: Ranges, b: Ranges): Ranges {
  const pairs: [number, number][] = [];
  for (const ranges of [a, b]) for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!]);
  pairs.sort((x, y) => x[0] - y[0]);
  const out: number[] = [];
  for (const [from, to] of pairs) {
    const last = out.length - 1;
    if (last > 0 && from <= out[last]! + 1) out[last] = Math.max(out[last]!, to);
    else out.push(from, to);
  }
  return out;
}

export function complement(ranges: Ranges): Ranges {
  const out: number[] = [];
  let next = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    if (ranges[i]! > next) out.push(next, ranges[i]! - 1);
    next = ranges[i + 1]! + 1;
  }
  if (next <= MAX_POINT) out.push(next, MAX_POINT);
  return out;
}

/** With the other case of every ASCII letter. */
export function fold(ranges: Ranges): Ranges {
  let out = ranges;
  for (let i = 0; i < ranges.length; i += 2) {
    out = union(out, shifted(ranges[i]!, ranges[i + 1]!, 65, 90, 32));
    out = union(out, shifted(ranges[i]!, ranges[i + 1]!, 97, 122, -32));
  }
  return out;
}

function shifted(from: number, to: number, low: number, high: number, by: number): Ranges {
  const start = Math.max(from, low);
  const end = Math.min(to, high);
  return start <= end ? [start + by, end + by] : [];
}

export function contains(ranges: Ranges, point: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (point >= ranges[i]! && point <= ranges[i + 1]!) return true;
  return false;
}
