/** Arrays of numbers with a shape, and as much of numpy as the operator cases need. Everything in doubles. */
export interface Nd {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

export const nd = (dims: readonly number[], data: readonly number[]): Nd => ({ dims, data });

export const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** Every index of the shape, row by row. */
export function indices(dims: readonly number[]): number[][] {
  return Array.from({ length: count(dims) }, (_, flat) => unravel(flat, dims));
}

export function unravel(flat: number, dims: readonly number[]): number[] {
  const at: number[] = [];
  let rest = flat;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    at.unshift(rest % dims[axis]!);
    rest = Math.floor(rest / dims[axis]!);
  }
  return at;
}

export function ravel(at: readonly number[], dims: readonly number[]): number {
  return at.reduce((flat, i, axis) => flat * dims[axis]! + i, 0);
}

/** The array whose element at `at` is `f(at)`. */
export function build(dims: readonly number[], f: (at: number[]) => number): Nd {
  return nd(dims, indices(dims).map(f));
}

export const item = (a: Nd, at: readonly number[]): number => a.data[ravel(at, a.dims)]!;

export const map = (a: Nd, f: (value: number) => number): Nd => nd(a.dims, a.data.map(f));

/** `f` of two arrays whose shapes are stretched to each other. */
export function broadcast(a: Nd, b: Nd, f: (a: number, b: number) => number): Nd {
  const rank = Math.max(a.dims.length, b.dims.length);
  const pad = (dims: readonly number[]) => [...new Array<number>(rank - dims.length).fill(1), ...dims];
  const [left, right] = [pad(a.dims), pad(b.dims)];
  const dims = left.map((dim, axis) => (dim === 1 ? right[axis]! : dim));
  const within = (at: readonly number[], own: readonly number[]) => at.map((i, axis) => (own[axis] === 1 ? 0 : i));
  return build(dims, (at) => f(a.data[ravel(within(at, left), left)]!, b.data[ravel(within(at, right), right)]!));
}

/** `f` of the values along the axes, which become 1 or go. */
export function reduce(
  a: Nd,
  axes: readonly number[],
  keepdims: boolean,
  f: (values: readonly number[]) => number,
): Nd {
  const over = new Set(
    (axes.length === 0 ? a.dims.map((_, axis) => axis) : axes).map((x) => (x + a.dims.length) % a.dims.length),
  );
  const groups = new Map<number, number[]>();
  const kept = a.dims.map((dim, axis) => (over.has(axis) ? 1 : dim));
  for (const at of indices(a.dims)) {
    const key = ravel(
      at.map((i, axis) => (over.has(axis) ? 0 : i)),
      kept,
    );
    groups.set(key, [...(groups.get(key) ?? []), item(a, at)]);
  }
  const data = [...groups].sort(([x], [y]) => x - y).map(([, values]) => f(values));
  return nd(keepdims ? kept : a.dims.filter((_, axis) => !over.has(axis)), data);
}

export function transpose(a: Nd, perm: readonly number[]): Nd {
  return build(
    perm.map((axis) => a.dims[axis]!),
    (at) =>
      item(
        a,
        perm.map((_, axis) => at[perm.indexOf(axis)]!),
      ),
  );
}

/** Matrices in the last two dimensions; those before are stretched to each other. */
export function matmul(a: Nd, b: Nd): Nd {
  const batch = broadcast(
    nd(a.dims.slice(0, -2), new Array(count(a.dims.slice(0, -2))).fill(0)),
    nd(b.dims.slice(0, -2), new Array(count(b.dims.slice(0, -2))).fill(0)),
    () => 0,
  ).dims;
  const [rows, inner, columns] = [a.dims.at(-2)!, a.dims.at(-1)!, b.dims.at(-1)!];
  const own = (at: readonly number[], dims: readonly number[]) =>
    dims.slice(0, -2).map((dim, axis) => (dim === 1 ? 0 : at[axis + batch.length - (dims.length - 2)]!));
  return build([...batch, rows, columns], (at) => {
    const [i, j] = at.slice(-2) as [number, number];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += item(a, [...own(at, a.dims), i, k]) * item(b, [...own(at, b.dims), k, j]);
    return sum;
  });
}

export function concat(parts: readonly Nd[], axis: number): Nd {
  const dims = [...parts[0]!.dims];
  dims[axis] = parts.reduce((total, part) => total + part.dims[axis]!, 0);
  return build(dims, (at) => {
    let i = at[axis]!;
    for (const part of parts) {
      const from = at.map((x, d) => (d === axis ? i : x));
      if (i < part.dims[axis]!) return item(part, from);
      i -= part.dims[axis]!;
    }
    return Number.NaN;
  });
}

/** A kernel that moves over the last dimensions of [N, C, …]. `pads` are those before each dimension, then those behind. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
}

export function windowed(size: readonly number[], { kernel, strides, pads, dilations }: Window) {
  const rank = kernel.length;
  const [s, p, d] = [
    strides ?? kernel.map(() => 1),
    pads ?? new Array<number>(2 * rank).fill(0),
    dilations ?? kernel.map(() => 1),
  ];
  const out = size.map((n, i) => Math.floor((n + p[i]! + p[i + rank]! - d[i]! * (kernel[i]! - 1) - 1) / s[i]!) + 1);
  /** Where the kernel's element lies in the input; undefined in the padding. */
  const source = (at: readonly number[], offset: readonly number[]): number[] | undefined => {
    const place = at.map((o, i) => o * s[i]! - p[i]! + offset[i]! * d[i]!);
    return place.every((x, i) => x >= 0 && x < size[i]!) ? place : undefined;
  };
  return { out, source, offsets: indices(kernel) };
}

export function conv(x: Nd, w: Nd, bias: Nd | undefined, window: Omit<Window, 'kernel'>, groups = 1): Nd {
  const [batch, , ...size] = x.dims as [number, number, ...number[]];
  const [features, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const { out, source, offsets } = windowed(size, { ...window, kernel });
  return build([batch, features, ...out], ([n, f, ...at]) => {
    let sum = bias?.data[f!] ?? 0;
    const group = Math.floor(f! / (features / groups));
    for (let c = 0; c < perGroup; c++)
      for (const offset of offsets) {
        const place = source(at, offset);
        if (place !== undefined) sum += item(x, [n!, group * perGroup + c, ...place]) * item(w, [f!, c, ...offset]);
      }
    return sum;
  });
}

export function pool(x: Nd, window: Window, f: (inside: readonly number[], kernelSize: number) => number): Nd {
  const [batch, channels, ...size] = x.dims as [number, number, ...number[]];
  const { out, source, offsets } = windowed(size, window);
  return build([batch, channels, ...out], ([n, c, ...at]) => {
    const inside = offsets.flatMap((offset) => {
      const place = source(at, offset);
      return place === undefined ? [] : [item(x, [n!, c!, ...place])];
    });
    return f(inside, offsets.length);
  });
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
