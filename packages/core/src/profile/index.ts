export { decodeProfile, encodeProfile } from './codec.js';
export { anchorEdges, cellOf, frequenciesOf } from './edges.js';
export { addExact, type ExactNumber, exactMean, exactVariance } from './exact-number.js';
export { type ExactSum, exactSum } from './exact-sum.js';
export { countPresence, mergePresence, type PresencePatterns, presenceOf, presencePatterns } from './presence.js';
export { mergeProfiles, type ProfileOptions, profileTable } from './profile.js';
export { meanOf, quantileOf, varianceOf } from './summary.js';
export type * from './types.js';
export { withoutValues } from './without-values.js';
