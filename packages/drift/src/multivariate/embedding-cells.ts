import { type Digest, digestBytes, invalidInput, MillwrightError, type Random, seededRandom } from '@millwright/core';
import { holm } from '@millwright/core/statistics';
import { testCells } from '../test/distribution.js';
import type { TestOptions, TestResult } from '../test/types.js';
import { randomOrder, squaredDistance, takeVectors, type Vectors } from './vectors.js';

/** Into how many cells embeddings are counted. */
export interface EmbeddingCellsOptions {
  /** Random directions on which points are binned. Default 16. */
  readonly projections?: number | undefined;
  /** Bins of equal count per direction. Default 16. */
  readonly bins?: number | undefined;
  /** Centres (k-means) to which points are counted. Default 32. */
  readonly centroids?: number | undefined;
  /** Draws directions and first centres. Default 1. */
  readonly seed?: number | undefined;
}

/** How many points fell into each cell: a row of bins per direction, and one of centres. Adds up in any order. */
export interface EmbeddingCounts {
  /** Counts of other cells cannot be added or compared. */
  readonly anchors: Digest;
  readonly rows: number;
  readonly groups: readonly Float64Array[];
}

/** Cells fixed by a reference, and counts in them: drift of embeddings without keeping any embedding. */
export interface EmbeddingCells {
  readonly anchors: Digest;
  /** Counts of the reference itself (of the half that did not make the cells). */
  readonly reference: EmbeddingCounts;
  /** @throws `input/invalid` for points of another width */
  count(points: Vectors): EmbeddingCounts;
  /** The group that changed most, its p-value adjusted for all groups (Holm). Margin 0.1. @throws `profile/unmergeable` */
  test(current: EmbeddingCounts, options?: TestOptions): TestResult;
}

/**
 * Cells for points: bins of equal count on seeded random directions, and the nearest of some centres. Half of the
 * reference makes the cells, the other half is counted, so that the cells know neither side of the comparison. Counting
 * costs (projections + centroids) × width multiplications per point.
 *
 * @throws `input/invalid` for fewer than 200 points or options out of range
 */
export function embeddingCells(reference: Vectors, options: EmbeddingCellsOptions = {}): EmbeddingCells {
  const { projections = 16, bins = 16, centroids = 32, seed = 1 } = options;
  for (const [name, value] of Object.entries({ projections, bins, centroids }))
    if (!(Number.isInteger(value) && value >= 2)) throw invalidInput(name, 'a whole number of 2 or more', value);
  if (reference.rows < FEWEST_ROWS) throw invalidInput('reference', `${FEWEST_ROWS} points or more`, reference.rows);
  const random = seededRandom(seed);
  const order = randomOrder(reference.rows, random);
  const anchors = takeVectors(reference, order.subarray(0, order.length >> 1));
  const { width } = reference;
  const directions = Array.from({ length: projections }, () => randomDirection(width, random));
  const edges = directions.map((direction) => equalCountEdges(project(anchors, direction), bins));
  const centres = kMeans(anchors, Math.min(centroids, anchors.rows), random);
  const id = digestBytes(new Uint8Array(Float64Array.of(...edges.flatMap((edge) => [...edge]), ...centres).buffer));

  const count = (points: Vectors): EmbeddingCounts => {
    if (points.width !== width) throw invalidInput('points', `points of width ${width}`, `width ${points.width}`);
    const groups = directions.map((direction, k) => {
      const counts = new Float64Array(bins);
      for (const value of project(points, direction)) counts[edges[k]!.filter((edge) => edge <= value).length]!++;
      return counts;
    });
    const near = new Float64Array(centres.length / width);
    for (let row = 0; row < points.rows; row++) near[nearest(points, row, centres)]!++;
    return { anchors: id, rows: points.rows, groups: [...groups, near] };
  };
  const counted = count(takeVectors(reference, order.subarray(order.length >> 1)));

  return {
    anchors: id,
    reference: counted,
    count,
    test(current, testOptions) {
      checkSame(counted, current);
      const results = counted.groups.map((before, k) =>
        testCells(
          {
            reference: before,
            current: current.groups[k]!,
            ordered: k < projections,
            label: (cell) => (k < projections ? `direction ${k}, bin ${cell}` : `centre ${cell}`),
          },
          testOptions,
        ),
      );
      return strongest(results);
    },
  };
}

/** Counts of two sets of points together. @throws `profile/unmergeable` for counts in other cells */
export function mergeEmbeddingCounts(a: EmbeddingCounts, b: EmbeddingCounts): EmbeddingCounts {
  checkSame(a, b);
  return {
    anchors: a.anchors,
    rows: a.rows + b.rows,
    groups: a.groups.map((group, k) => group.map((value, cell) => value + b.groups[k]![cell]!)),
  };
}

const FEWEST_ROWS = 200;
const K_MEANS_ROUNDS = 10;

/** The result with the smallest p-value, judged on the p-value adjusted for having looked at all. */
function strongest(results: readonly TestResult[]): TestResult {
  const adjusted = holm(results.map(({ pValue }) => pValue ?? 1));
  let first = 0;
  for (let k = 1; k < results.length; k++) if (adjusted[k]! < adjusted[first]!) first = k;
  const found = results[first]!;
  const pValue = found.pValue === undefined ? undefined : adjusted[first]!;
  const lost = found.verdict === 'drift' && !(pValue! <= found.alpha);
  return {
    ...found,
    test: 'embedding-cells',
    pValue,
    logPValue: pValue === undefined ? undefined : Math.log(pValue),
    verdict: lost ? 'noDrift' : found.verdict,
  };
}

function checkSame(a: EmbeddingCounts, b: EmbeddingCounts): void {
  if (a.anchors !== b.anchors)
    throw new MillwrightError(
      'profile/unmergeable',
      'Expected counts in the same cells. Count with one `embeddingCells`.',
      {
        details: { column: 'embedding', reason: `cells ${a.anchors} and ${b.anchors}` },
      },
    );
}

/** A direction of normal components: uniform on the sphere up to its length, which bins do not see. */
function randomDirection(width: number, random: Random): Float64Array {
  return Float64Array.from({ length: width }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    return radius * Math.cos(2 * Math.PI * random.next());
  });
}

function project({ rows, width, values }: Vectors, direction: Float64Array): Float64Array {
  const out = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let dot = 0;
    for (let k = 0; k < width; k++) dot += values[row * width + k]! * direction[k]!;
    out[row] = dot;
  }
  return out;
}

function equalCountEdges(values: Float64Array, bins: number): Float64Array {
  const sorted = values.toSorted();
  return Float64Array.from({ length: bins - 1 }, (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / bins)]!);
}

/** Lloyd's algorithm from random points, ten rounds. Centres one after another; an empty one stays where it was. */
function kMeans(points: Vectors, k: number, random: Random): Float64Array {
  const { width, rows } = points;
  const centres = Float64Array.from(takeVectors(points, randomOrder(rows, random).subarray(0, k)).values);
  for (let round = 0; round < K_MEANS_ROUNDS; round++) {
    const sums = new Float64Array(centres.length);
    const counts = new Uint32Array(k);
    for (let row = 0; row < rows; row++) {
      const centre = nearest(points, row, centres);
      counts[centre]!++;
      for (let d = 0; d < width; d++) sums[centre * width + d]! += points.values[row * width + d]!;
    }
    for (let at = 0; at < sums.length; at++) {
      const count = counts[Math.floor(at / width)]!;
      if (count > 0) centres[at] = sums[at]! / count;
    }
  }
  return centres;
}

function nearest({ width, values }: Vectors, row: number, centres: Float64Array): number {
  let best = Number.POSITIVE_INFINITY;
  let which = 0;
  for (let centre = 0; centre * width < centres.length; centre++) {
    const distance = squaredDistance(values, row * width, centres, centre * width, width);
    if (distance >= best) continue;
    best = distance;
    which = centre;
  }
  return which;
}
