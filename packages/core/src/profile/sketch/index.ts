export { type ColumnSketches, mergeSketches, type SketchOptions, sketchTable } from './columns.js';
export { decodeFrequentLongs, decodeFrequentStrings } from './frequent-decode.js';
export {
  type FrequentItem,
  type FrequentItems,
  type FrequentKind,
  type FrequentOptions,
  frequentItems,
} from './frequent-items.js';
export { type HllOptions, type HllSketch, hllSketch, mergeHll } from './hll.js';
export { decodeHll } from './hll-decode.js';
export type { HllBits } from './hll-state.js';
export { type ColumnSketchOptions, columnSketches } from './in-profiles.js';
export type { SketchItem } from './item-hash.js';
export { type KllOptions, type KllSketch, kllSketch, type RankOptions } from './kll.js';
export { decodeKll, type KllReading, type KllTextOptions, readKll } from './kll-decode.js';
export { kllRankError } from './kll-error.js';
export type { KllKind } from './kll-state.js';
export { type Centroid, readTDigest, type TDigestReading } from './tdigest.js';
export { type ThetaOptions, type ThetaSketch, thetaSketch } from './theta.js';
export { decodeTheta } from './theta-decode.js';
export { intersectTheta, subtractTheta, uniteTheta } from './theta-operations.js';
export type { ThetaSet } from './theta-set.js';
export type { Theta, ThetaState } from './theta-state.js';
