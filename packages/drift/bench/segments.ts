/**
 * Where the mean of a stream changed, seen afterwards: binary segmentation (Scott and Knott 1974) by squared error. A cut
 * counts when the means beside it differ by `size` and both sides hold `least` values. Retrospective, with all data, so it
 * is a yardstick for detectors that have only the past.
 */
export function segments(values: Float64Array, { least, size }: { least: number; size: number }): readonly number[] {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!;
  const mean = (from: number, to: number) => (sums[to]! - sums[from]!) / (to - from);
  const cuts: number[] = [];
  const split = (from: number, to: number) => {
    let [best, gain] = [-1, 0];
    for (let at = from + least; at <= to - least; at++) {
      const gap = mean(from, at) - mean(at, to);
      const won = (gap * gap * (at - from) * (to - at)) / (to - from);
      if (won > gain) [best, gain] = [at, won];
    }
    if (best === -1) return;
    const near = Math.abs(mean(Math.max(from, best - least), best) - mean(best, Math.min(to, best + least)));
    if (near < size) return;
    split(from, best);
    cuts.push(best);
    split(best, to);
  };
  split(0, values.length);
  return cuts;
}
