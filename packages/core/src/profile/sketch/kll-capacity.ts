/** Levels never hold fewer items than this, whatever their depth (`m` of the format). */
export const MIN_LEVEL_WIDTH = 8;
/** A sketch of 2^53 values needs fewer levels than this. */
export const MAX_LEVELS = 60;

/** How many items level `level` of `levels` may hold: `k · (2/3)^depth`, rounded as the format prescribes. */
export function levelCapacity(k: number, levels: number, level: number): number {
  const depth = levels - level - 1;
  const half = depth >> 1;
  const items = depth <= 30 ? shrink(k, depth) : shrink(shrink(k, half), depth - half);
  return Math.max(MIN_LEVEL_WIDTH, items);
}

/** Items of all levels together: the length of the sketch's array. */
export function totalCapacity(k: number, levels: number): number {
  let total = 0;
  for (let level = 0; level < levels; level++) total += levelCapacity(k, levels, level);
  return total;
}

/** `2k · 2^depth / 3^depth`, halved with rounding up. Below 2^53 for every k ≤ 65,535 and depth ≤ 30. */
function shrink(k: number, depth: number): number {
  const doubled = Math.floor((2 * k * 2 ** depth) / 3 ** depth);
  return Math.floor((doubled + 1) / 2);
}
