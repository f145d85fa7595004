/** Open rows by number modulo capacity, column by column. */
export interface RowRing {
  readonly capacity: number;
  readonly openedAt: Float64Array;
  readonly epoch: Uint32Array;
  readonly cohort: Uint32Array;
  readonly score: Float32Array;
  readonly values: readonly Float64Array[];
}

/** An empty ring; the capacity is a power of two. */
export function rowRing(capacity: number, metrics: number): RowRing {
  return {
    capacity,
    openedAt: new Float64Array(capacity),
    epoch: new Uint32Array(capacity),
    cohort: new Uint32Array(capacity),
    score: new Float32Array(capacity),
    values: Array.from({ length: metrics }, () => new Float64Array(capacity)),
  };
}

/** The same rows [from, to) with twice the capacity. */
export function grownRing(ring: RowRing, from: number, to: number): RowRing {
  const next = rowRing(ring.capacity * 2, ring.values.length);
  for (let row = from; row < to; row++) {
    const source = row & (ring.capacity - 1);
    const target = row & (next.capacity - 1);
    next.openedAt[target] = ring.openedAt[source]!;
    next.epoch[target] = ring.epoch[source]!;
    next.cohort[target] = ring.cohort[source]!;
    next.score[target] = ring.score[source]!;
    for (let metric = 0; metric < ring.values.length; metric++)
      next.values[metric]![target] = ring.values[metric]![source]!;
  }
  return next;
}
