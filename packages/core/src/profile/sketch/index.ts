export { type KllKind, type KllOptions, type KllSketch, kllSketch, type RankOptions } from './kll.js';
export { decodeKll, type KllReading, type KllTextOptions, readKll } from './kll-decode.js';
export { kllRankError } from './kll-error.js';
