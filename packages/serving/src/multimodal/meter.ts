/** How a modality has done. Shares are NaN before there was anything to share. */
export interface ModalityFigures {
  readonly rows: number;
  /** Share of rows in which it was there. */
  readonly completeness: number;
  /** Mean of what it said of itself, where it said something. */
  readonly confidence: number;
  /** Rows in which it was at one end of a conflict. */
  readonly conflicts: number;
}

/** Counts by modality: what is missing, how sure the others are, who contradicts whom. Sums only: meters of several processes add up. */
export interface ModalityMeter<M extends string> {
  /** @param confidence of each modality that has one; values that are not finite are not counted */
  observe(row: { readonly values: ReadonlyMap<M, unknown> }, confidence?: Readonly<Partial<Record<M, number>>>): void;
  conflict(between: readonly M[]): void;
  figures(): ReadonlyMap<M, ModalityFigures>;
  merge(other: ModalityMeter<M>): void;
  readonly sums: ReadonlyMap<M, Sums>;
}

/** What a meter has counted of one modality: plain numbers that add up over processes. */
export interface Sums {
  /** All rows, and those in which the modality was there. */
  rows: number;
  present: number;
  /** Sum of what it said of itself, over the `rated` rows in which it said something. */
  confidence: number;
  rated: number;
  conflicts: number;
}

/** A meter of these modalities that has counted nothing yet. */
export function modalityMeter<M extends string>(modalities: readonly M[]): ModalityMeter<M> {
  const sums = new Map<M, Sums>(
    modalities.map((name) => [name, { rows: 0, present: 0, confidence: 0, rated: 0, conflicts: 0 }]),
  );
  return {
    sums,
    observe({ values }, confidence) {
      for (const [name, sum] of sums) {
        sum.rows++;
        if (values.has(name)) sum.present++;
        const own = confidence?.[name];
        if (own === undefined || !Number.isFinite(own)) continue;
        sum.confidence += own;
        sum.rated++;
      }
    },
    conflict(between) {
      for (const name of between) {
        const sum = sums.get(name);
        if (sum !== undefined) sum.conflicts++;
      }
    },
    figures: () =>
      new Map(
        [...sums].map(([name, { rows, present, confidence, rated, conflicts }]) => [
          name,
          { rows, completeness: present / rows, confidence: confidence / rated, conflicts },
        ]),
      ),
    merge(other) {
      for (const [name, theirs] of other.sums) {
        const own = sums.get(name);
        if (own === undefined) continue;
        for (const key of Object.keys(own) as (keyof Sums)[]) own[key] += theirs[key];
      }
    },
  };
}
