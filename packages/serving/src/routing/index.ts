export {
  exp3Shares,
  exp3Update,
  type GuardedSharesOptions,
  guardedShares,
  inverseGapWeights,
  type Posterior,
  probabilityBest,
  topTwoWeights,
} from './bandit.js';
export {
  type CascadeAnswer,
  type CascadeStep,
  cascade,
  type DeferralThreshold,
  deferralThreshold,
  type JudgedAnswer,
} from './cascade.js';
export {
  type BucketingSystem,
  buckets,
  growthBookRanges,
  growthBookVariation,
  inGrowthBookNamespace,
} from './compatibility.js';
export { type Interleaved, interleave, interleavingLogE, interleavingWinner } from './interleave.js';
export {
  chooseModel,
  type ModelChoice,
  type ModelNeed,
  type ModelOption,
  modelRouter,
  type RoutedModel,
} from './model-choice.js';
export { type HashPrefix, hashFrom, hashPrefix, murmur3 } from './murmur3.js';
export {
  BUCKETS,
  type CompiledPolicy,
  championPolicy,
  compilePolicy,
  isStale,
  type Override,
  type Policy,
  type PolicyMode,
  type PolicyRange,
  type Route,
  sharesOf,
} from './policy.js';
export { type RampOptions, ramp } from './ramp.js';
export {
  memoryStickyStore,
  type RoutedRequest,
  routeRequest,
  type StickyEntry,
  type StickyStore,
} from './request.js';
export { bucketOf, createRouter, type Router, route, shadowPoint } from './route.js';
