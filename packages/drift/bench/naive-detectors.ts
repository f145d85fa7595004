/** Detectors as one would write them straightforwardly: objects, arrays, a class each. The baseline of `stream.bench.ts`. */
export interface Naive {
  update(value: number): boolean;
}

export class NaiveEDetector implements Naive {
  private wealth: number[];
  private readonly mean: number;
  private readonly threshold: number;
  private readonly shares: readonly number[];
  constructor(mean: number, threshold: number, shares: readonly number[]) {
    this.mean = mean;
    this.threshold = threshold;
    this.shares = shares;
    this.wealth = shares.map(() => 0);
  }
  update(value: number): boolean {
    const { mean, shares } = this;
    this.wealth = this.wealth.map((w, k) => (w + 1 / shares.length) * (1 + (shares[k]! / mean) * (value - mean)));
    const found = this.wealth.reduce((sum, w) => sum + w, 0) >= this.threshold;
    if (found) this.wealth = this.wealth.map(() => 0);
    return found;
  }
}

export class NaivePageHinkley implements Naive {
  private state = NaivePageHinkley.fresh();
  private static fresh() {
    return { n: 0, mean: 0, up: 0, least: Number.POSITIVE_INFINITY, down: 0, most: Number.NEGATIVE_INFINITY };
  }
  update(value: number): boolean {
    const s = this.state;
    s.n++;
    s.mean += (value - s.mean) / s.n;
    s.up = 0.9999 * s.up + value - s.mean - 0.005;
    s.down = 0.9999 * s.down + value - s.mean + 0.005;
    s.least = Math.min(s.least, s.up);
    s.most = Math.max(s.most, s.down);
    const found = s.n >= 30 && (s.up - s.least > 50 || s.most - s.down > 50);
    if (found) this.state = NaivePageHinkley.fresh();
    return found;
  }
}

export class NaiveDdm implements Naive {
  private state = NaiveDdm.fresh();
  private static fresh() {
    return { n: 0, rate: 0, best: { rate: 0, deviation: Number.POSITIVE_INFINITY } };
  }
  update(value: number): boolean {
    const s = this.state;
    s.n++;
    s.rate += (value - s.rate) / s.n;
    const deviation = Math.sqrt((s.rate * (1 - s.rate)) / s.n);
    if (s.n <= 30) return false;
    if (s.rate + deviation <= s.best.rate + s.best.deviation) s.best = { rate: s.rate, deviation };
    const found = s.rate + deviation > s.best.rate + 3 * s.best.deviation;
    if (found) this.state = NaiveDdm.fresh();
    return found;
  }
}

interface Bucket {
  readonly n: number;
  readonly total: number;
  readonly variance: number;
}

/** Buckets of one size in a list each, oldest first. */
export class NaiveAdwin implements Naive {
  private rows: Bucket[][] = [[]];
  private ticks = 0;
  update(value: number): boolean {
    this.rows[0]!.push({ n: 1, total: value, variance: 0 });
    for (let k = 0; this.rows[k]!.length > 5; k++) {
      const [a, b] = this.rows[k]!.splice(0, 2) as [Bucket, Bucket];
      this.rows[k + 1] ??= [];
      this.rows[k + 1]!.push(merge(a, b));
    }
    if (++this.ticks % 32 !== 0) return false;
    let found = false;
    while (this.cut()) {
      found = true;
      this.rows.at(-1)!.shift();
      if (this.rows.at(-1)!.length === 0) this.rows.pop();
    }
    if (found) {
      this.rows = [[]];
      this.ticks = 0;
    }
    return found;
  }
  private cut(): boolean {
    const buckets = this.rows.toReversed().flat();
    const all = buckets.reduce(merge, { n: 0, total: 0, variance: 0 });
    if (all.n <= 10) return false;
    const d = Math.log((2 * Math.log(all.n)) / 0.002);
    let [n, total] = [0, 0];
    return buckets.some((bucket, i) => {
      n += bucket.n;
      total += bucket.total;
      if (i === buckets.length - 1 || n < 5 || all.n - n < 5) return false;
      const m = 1 / (n - 4) + 1 / (all.n - n - 4);
      const gap = Math.abs(total / n - (all.total - total) / (all.n - n));
      return gap > Math.sqrt(2 * m * (all.variance / all.n) * d) + (2 / 3) * d * m;
    });
  }
}

function merge(a: Bucket, b: Bucket): Bucket {
  const n = a.n + b.n;
  const gap = a.total / (a.n || 1) - b.total / b.n;
  return { n, total: a.total + b.total, variance: a.variance + b.variance + (a.n * b.n * gap * gap) / n };
}
