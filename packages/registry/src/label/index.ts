export { type PairAgreement, type PairAgreementOptions, pairAgreement } from './cohen.js';
export { type GroupAgreement, groupAgreement, labelCounts } from './fleiss.js';
export { krippendorffAlpha, type Measurement } from './krippendorff.js';
export { defineTaxonomy, labelAtDepth, type Taxonomy, type TaxonomyNode, upgradeLabel } from './taxonomy.js';
