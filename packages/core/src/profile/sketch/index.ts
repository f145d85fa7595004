export { type HllBits, type HllOptions, type HllSketch, hllSketch, mergeHll } from './hll.js';
export { decodeHll } from './hll-decode.js';
export { HASH_SEED, type ItemHash, itemHash, type SketchItem, seedHash } from './item-hash.js';
export { type KllKind, type KllOptions, type KllSketch, kllSketch, type RankOptions } from './kll.js';
export { decodeKll, type KllReading, type KllTextOptions, readKll } from './kll-decode.js';
export { kllRankError } from './kll-error.js';
export { murmur3x64 } from './murmur3.js';
