/** Columns of numbers of equal length, NaN for missing. */
export interface Matrix {
  readonly rows: number;
  readonly columns: readonly Float64Array[];
}

/** A learner that estimators call. The built-in is `boostedTrees`; wrap any other library in this. */
export interface Learner {
  fit(features: Matrix, target: ArrayLike<number>): Fitted;
}

/** A learner that has learnt. */
export interface Fitted {
  /** One value per row: the expected target, or its log-odds for a learner of classes. */
  predict(features: Matrix): Float64Array;
}

/** Rows of a matrix, in the order given. */
export function takeMatrixRows({ columns }: Matrix, rows: ArrayLike<number>): Matrix {
  return {
    rows: rows.length,
    columns: columns.map((column) => Float64Array.from({ length: rows.length }, (_, i) => column[rows[i]!]!)),
  };
}
