/** What a run of B rows costs, learned while serving (rows of several elements count as several): `c(B) = a + b B` and a bound that 95 % of the runs keep. */
export interface CostModel {
  /** Milliseconds of a run, whatever its size. */
  readonly a: number;
  /** Milliseconds per row. */
  readonly b: number;
  /** Runs that were measured. */
  readonly runs: number;
  expected(rows: number): number;
  /** `max(p95 of runs of this size, c(B) + 3 mean deviations)`. */
  bound(rows: number): number;
  /** Learns from one run. Warm-up runs are kept for ever, so that traffic of one size never makes the slope a guess. */
  observe(rows: number, ms: number, warmUp?: boolean): void;
  /** What was learned while serving counts half from now on. */
  doubt(): void;
}

/** Least squares with forgetting 0.98; a residual counts for at most four mean deviations, so that one pause teaches nothing. */
export function costModel(): CostModel {
  const fixed = new Float64Array(5);
  const recent = new Float64Array(5);
  const p95 = new Map<number, number>();
  let a = 0;
  let b = 0;
  let deviation = 0;
  let runs = 0;

  function fit(): void {
    const [n, x, xx, y, xy] = [0, 1, 2, 3, 4].map((i) => fixed[i]! + recent[i]!) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const spread = n * xx - x * x;
    b = spread > 1e-9 * n * xx ? Math.max(0, (n * xy - x * y) / spread) : 0;
    a = Math.max(0, (y - b * x) / n);
  }

  const expected = (rows: number) => a + b * rows;
  return {
    get a() {
      return a;
    },
    get b() {
      return b;
    },
    get runs() {
      return runs;
    },
    expected,
    bound: (rows) => Math.max(p95.get(rows) ?? 0, expected(rows) + 3 * deviation),
    observe(rows, ms, warmUp = false) {
      if (!Number.isFinite(ms) || ms < 0) return;
      const residual = ms - expected(rows);
      // A quarter of what was expected at least, so that a deviation of nothing can grow.
      const reach = Math.max(4 * deviation, expected(rows) / 4);
      const clipped =
        runs < LEARNING || Math.abs(residual) <= reach ? ms : expected(rows) + Math.sign(residual) * reach;
      const sums = warmUp ? fixed : recent;
      for (let i = 0; !warmUp && i < 5; i++) sums[i]! *= FORGETTING;
      sums[0]! += 1;
      sums[1]! += rows;
      sums[2]! += rows * rows;
      sums[3]! += clipped;
      sums[4]! += clipped * rows;
      fit();
      runs++;
      if (!warmUp) deviation += SMOOTHING * (Math.min(Math.abs(residual), reach) - deviation);
      const seen = p95.get(rows);
      if (seen === undefined && p95.size >= MAX_SIZES) return;
      // Steps are relative to the quantile, not to how far off the run was: a pause moves it by 5 %, not to its own length.
      p95.set(rows, seen === undefined ? ms : seen * (1 + QUANTILE_STEP * (ms > seen ? 0.95 : -0.05)));
    },
    doubt() {
      for (let i = 0; i < 5; i++) recent[i]! /= 2;
      deviation /= 2;
      p95.clear();
      if (runs > 0) fit();
    },
  };
}

const FORGETTING = 0.98;
const SMOOTHING = 0.05;
const QUANTILE_STEP = 0.05;
/** Runs that are taken as they are, before residuals are clipped. */
const LEARNING = 16;
/** Sizes with a quantile of their own; the line has to do for the rest. */
const MAX_SIZES = 512;
