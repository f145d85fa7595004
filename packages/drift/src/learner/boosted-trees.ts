import { invalidInput } from '@millwright/core';
import type { Fitted, Learner, Matrix } from './learner.js';

/** How many trees, how deep, and what they minimise. */
export interface BoostedTreesOptions {
  /** `squared` for amounts, `logistic` for 0 and 1. Default `squared`. */
  readonly loss?: 'squared' | 'logistic' | undefined;
  /** How many trees are added up. Default 60. */
  readonly trees?: number | undefined;
  /** Questions from root to leaf. Default 3. */
  readonly depth?: number | undefined;
  /** Share of each tree that is added. Default 0.1. */
  readonly rate?: number | undefined;
  /** Fewest rows of a leaf. Default 20. */
  readonly leafRows?: number | undefined;
}

/**
 * Gradient boosting of small trees on histograms of 32 quantile bins, as LightGBM in outline: second-order gains, missing
 * values in a bin of their own. Deterministic; time O(trees × depth × rows × columns), 10 ms for 1,000 rows of 16 columns.
 */
export function boostedTrees(options: BoostedTreesOptions = {}): Learner {
  const { loss = 'squared', trees = 60, depth = 3, rate = 0.1, leafRows = 20 } = options;
  return {
    fit(features, target) {
      if (target.length !== features.rows || features.rows === 0)
        throw invalidInput('target', `as many values as rows (${features.rows}), at least one`, target.length);
      const edges = features.columns.map(quantileEdges);
      const binned = features.columns.map((column, k) => binColumn(column, edges[k]!));
      const start = startValue(target, loss);
      const fitted = new Float64Array(features.rows).fill(start);
      const gradient = new Float64Array(features.rows);
      const weight = new Float64Array(features.rows);
      const forest: Tree[] = [];
      for (let t = 0; t < trees; t++) {
        setGradients(loss, target, fitted, gradient, weight);
        const tree = growTree(binned, gradient, weight, { depth, leafRows, rate });
        addTree(tree, binned, fitted);
        forest.push(tree);
      }
      return forestOf(forest, edges, start);
    },
  };
}

/** A complete tree: inner node k has children 2k + 1 and 2k + 2. A row goes left when its bin is `upTo` or less. */
interface Tree {
  readonly depth: number;
  /** -1 where the node does not ask: all rows go left. */
  readonly column: Int16Array;
  readonly upTo: Uint8Array;
  readonly leaf: Float64Array;
}

interface GrowOptions {
  readonly depth: number;
  readonly leafRows: number;
  readonly rate: number;
}

const BINS = 32;
/** Bin of missing values, left of all others. */
const MISSING = 0;
/** Added to every sum of weights: keeps leaves of few rows small. */
const RIDGE = 1;

function startValue(target: ArrayLike<number>, loss: 'squared' | 'logistic'): number {
  let sum = 0;
  for (let i = 0; i < target.length; i++) sum += target[i]!;
  const mean = sum / target.length;
  if (loss === 'squared') return mean;
  const inside = Math.min(1 - 1e-6, Math.max(1e-6, mean));
  return Math.log(inside / (1 - inside));
}

function setGradients(
  loss: 'squared' | 'logistic',
  target: ArrayLike<number>,
  fitted: Float64Array,
  gradient: Float64Array,
  weight: Float64Array,
): void {
  for (let i = 0; i < fitted.length; i++) {
    if (loss === 'squared') {
      gradient[i] = target[i]! - fitted[i]!;
      weight[i] = 1;
    } else {
      const p = 1 / (1 + Math.exp(-fitted[i]!));
      gradient[i] = target[i]! - p;
      weight[i] = p * (1 - p);
    }
  }
}

function growTree(
  binned: readonly Uint8Array[],
  gradient: Float64Array,
  weight: Float64Array,
  options: GrowOptions,
): Tree {
  const { depth, leafRows, rate } = options;
  const rows = gradient.length;
  const inner = 2 ** depth - 1;
  const tree: Tree = {
    depth,
    column: new Int16Array(inner).fill(-1),
    upTo: new Uint8Array(inner),
    leaf: new Float64Array(inner + 1),
  };
  const node = new Uint16Array(rows);
  for (let level = 0; level < depth; level++) {
    const first = 2 ** level - 1;
    chooseSplits(tree, binned, gradient, weight, node, first, leafRows);
    for (let i = 0; i < rows; i++) node[i] = childOf(tree, node[i]!, binned, i);
  }
  const sums = new Float64Array(2 * (inner + 1));
  for (let i = 0; i < rows; i++) {
    const at = 2 * (node[i]! - inner);
    sums[at]! += gradient[i]!;
    sums[at + 1]! += weight[i]!;
  }
  for (let k = 0; k <= inner; k++) tree.leaf[k] = (rate * sums[2 * k]!) / (sums[2 * k + 1]! + RIDGE);
  return tree;
}

/** Finds the best question of every node of a level in one pass per column. */
function chooseSplits(
  tree: Tree,
  binned: readonly Uint8Array[],
  gradient: Float64Array,
  weight: Float64Array,
  node: Uint16Array,
  first: number,
  leafRows: number,
): void {
  const nodes = first + 1;
  const best = new Float64Array(nodes).fill(1e-9);
  const sums = new Float64Array(nodes * BINS * 3);
  binned.forEach((bins, column) => {
    sums.fill(0);
    for (let i = 0; i < bins.length; i++) {
      const at = 3 * ((node[i]! - first) * BINS + bins[i]!);
      sums[at]! += gradient[i]!;
      sums[at + 1]! += weight[i]!;
      sums[at + 2]!++;
    }
    for (let k = 0; k < nodes; k++) {
      const cell = sums.subarray(3 * k * BINS, 3 * (k + 1) * BINS);
      const { gain, upTo } = bestSplit(cell, leafRows);
      if (gain <= best[k]!) continue;
      best[k] = gain;
      tree.column[first + k] = column;
      tree.upTo[first + k] = upTo;
    }
  });
}

/** The bin after which to split, by the second-order gain G²/(H + ridge) of both sides over the whole. */
function bestSplit(cell: Float64Array, leafRows: number): { readonly gain: number; readonly upTo: number } {
  let [allG, allH, all] = [0, 0, 0];
  for (let at = 0; at < cell.length; at += 3) {
    allG += cell[at]!;
    allH += cell[at + 1]!;
    all += cell[at + 2]!;
  }
  const whole = allG ** 2 / (allH + RIDGE);
  let [g, h, n, gain, upTo] = [0, 0, 0, 0, 0];
  for (let bin = 0; bin < BINS - 1; bin++) {
    g += cell[3 * bin]!;
    h += cell[3 * bin + 1]!;
    n += cell[3 * bin + 2]!;
    if (n < leafRows || all - n < leafRows) continue;
    const here = g ** 2 / (h + RIDGE) + (allG - g) ** 2 / (allH - h + RIDGE) - whole;
    if (here > gain) [gain, upTo] = [here, bin];
  }
  return { gain, upTo };
}

function childOf({ column, upTo }: Tree, node: number, binned: readonly Uint8Array[], row: number): number {
  const asked = column[node]!;
  return 2 * node + (asked < 0 || binned[asked]![row]! <= upTo[node]! ? 1 : 2);
}

function addTree(tree: Tree, binned: readonly Uint8Array[], into: Float64Array): void {
  const inner = tree.column.length;
  for (let i = 0; i < into.length; i++) {
    let node = 0;
    for (let level = 0; level < tree.depth; level++) node = childOf(tree, node, binned, i);
    into[i]! += tree.leaf[node - inner]!;
  }
}

function forestOf(forest: readonly Tree[], edges: readonly Float64Array[], start: number): Fitted {
  return {
    predict(features: Matrix) {
      if (features.columns.length !== edges.length)
        throw invalidInput('features', `${edges.length} columns`, features.columns.length);
      const binned = features.columns.map((column, k) => binColumn(column, edges[k]!));
      const out = new Float64Array(features.rows).fill(start);
      for (const tree of forest) addTree(tree, binned, out);
      return out;
    },
  };
}

/** At most 30 distinct inner edges at equal shares of the finite values. */
function quantileEdges(column: Float64Array): Float64Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let k = 1; k < BINS - 1; k++) {
    const edge = sorted[Math.floor((k * sorted.length) / (BINS - 1))];
    if (edge !== undefined && edge > sorted[0]! && edge !== edges.at(-1)) edges.push(edge);
  }
  return Float64Array.from(edges);
}

/** Bin 1 below the first edge, bin k + 1 from edge k on. */
function binColumn(column: Float64Array, edges: Float64Array): Uint8Array {
  return Uint8Array.from(column, (value) => {
    if (Number.isNaN(value)) return MISSING;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (edges[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  });
}
