export { type BoostedTreesOptions, boostedTrees } from './boosted-trees.js';
export type { Fitted, Learner, Matrix } from './learner.js';
