/** Edges are taken from at most this many values. They need not be exact quantiles; counts are exact. */
const EDGE_SAMPLE = 1 << 16;

/** Keeps values of a column as they come by, for edges of its own. */
export interface EdgeSampler {
  take(block: Float64Array, length: number): void;
  sample(): Float64Array;
}

/** Every value of a short column; of a long one, one value per stride at a hashed place, so that periods in the rows do not show. */
export function edgeSampler(rows: number): EdgeSampler {
  const stride = Math.ceil(rows / EDGE_SAMPLE);
  const kept = new Float64Array(Math.ceil(rows / Math.max(1, stride)) + 1);
  let size = 0;
  let seen = 0;
  let next = place(0, stride);
  return {
    take(block, length) {
      while (next < seen + length) {
        kept[size++] = block[next - seen]!;
        next = place(size, stride);
      }
      seen += length;
    },
    sample: () => kept.subarray(0, size),
  };
}

function place(step: number, stride: number): number {
  if (stride <= 1) return step;
  let hash = Math.imul(step + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return step * stride + (((hash ^ (hash >>> 13)) >>> 0) % stride);
}
