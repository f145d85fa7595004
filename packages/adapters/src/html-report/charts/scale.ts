/** A map from values to pixels. */
export type Scale = (value: number) => number;

export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain;
  const [from, to] = range;
  const width = high - low || 1;
  return (value) => from + ((value - low) / width) * (to - from);
}

/** The smallest and largest of the finite numbers; `[0, 1]` when there is none. */
export function extent(values: Iterable<number | undefined>): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === undefined || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** A domain with a little air, that holds round numbers. */
export function padded([low, high]: readonly [number, number], share = 0.06): readonly [number, number] {
  const air = (high - low || Math.abs(high) || 1) * share;
  return [low - air, high + air];
}

/** About `count` round numbers within a domain (steps of 1, 2 or 5 times a power of ten). */
export function ticks([low, high]: readonly [number, number], count = 4): readonly number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? rough;
  const out: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9 && out.length < 50; k++) out.push(k * step);
  return out;
}

/** Starts of days or months (UTC) within a domain, about `count` of them. */
export function timeTicks([low, high]: readonly [number, number], count = 6): readonly number[] {
  const day = 86_400_000;
  const days = (high - low) / day;
  if (!(days > 0) || days > 1e6) return [low];
  if (days < 2) return ticks([low, high], count);
  const out: number[] = [];
  if (days > 62) {
    const every = Math.max(1, Math.round(days / 30.4 / count));
    const start = new Date(low);
    for (let k = 0; out.length < 50; k += every) {
      const at = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + k, 1);
      if (at > high) break;
      if (at >= low) out.push(at);
    }
    return out;
  }
  const every = Math.max(1, Math.ceil(days / count)) * day;
  for (let at = Math.ceil(low / day) * day; at <= high && out.length < 50; at += every) out.push(at);
  return out;
}

/** A coordinate in as few characters as its pixel needs. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/**
 * At most about `2 * count` of the points: the lowest and highest of each of `count` stretches, so that no peak is lost.
 */
export function thin<T extends { readonly y: number | undefined }>(points: readonly T[], count = 220): readonly T[] {
  if (points.length <= 2 * count) return points;
  const out: T[] = [];
  for (let k = 0; k < count; k++) {
    const stretch = points.slice(
      Math.floor((k * points.length) / count),
      Math.floor(((k + 1) * points.length) / count),
    );
    let low = 0;
    let high = 0;
    for (let i = 1; i < stretch.length; i++) {
      if ((stretch[i]!.y ?? Number.POSITIVE_INFINITY) < (stretch[low]!.y ?? Number.POSITIVE_INFINITY)) low = i;
      if ((stretch[i]!.y ?? Number.NEGATIVE_INFINITY) > (stretch[high]!.y ?? Number.NEGATIVE_INFINITY)) high = i;
    }
    out.push(stretch[Math.min(low, high)]!);
    if (low !== high) out.push(stretch[Math.max(low, high)]!);
  }
  return out;
}
