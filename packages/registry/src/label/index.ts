export { type PairAgreement, type PairAgreementOptions, pairAgreement } from './cohen.js';
export { type DawidSkene, type DawidSkeneOptions, dawidSkene } from './dawid-skene.js';
export { type GroupAgreement, groupAgreement, labelCounts } from './fleiss.js';
export { type IntraclassCorrelation, type IntraclassForm, intraclassCorrelation } from './intraclass.js';
export { krippendorffAlpha, type Measurement } from './krippendorff.js';
export { defineTaxonomy, labelAtDepth, type Taxonomy, type TaxonomyNode, upgradeLabel } from './taxonomy.js';
