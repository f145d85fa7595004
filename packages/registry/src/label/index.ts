export { type AgreementGroup, type AgreementOptions, agreementBy, type Rating } from './agreement-groups.js';
export { type PairAgreement, type PairAgreementOptions, pairAgreement } from './cohen.js';
export { type DawidSkene, type DawidSkeneOptions, dawidSkene } from './dawid-skene.js';
export { type GroupAgreement, groupAgreement, labelCounts } from './fleiss.js';
export { type IntraclassCorrelation, type IntraclassForm, intraclassCorrelation } from './intraclass.js';
export { krippendorffAlpha, type Measurement } from './krippendorff.js';
export { type LabelDrift, type LabelDriftOptions, type LabelShift, labelDrift } from './label-drift.js';
export {
  type LabelItem,
  type Labelling,
  type LabellingOptions,
  type LabelResult,
  labelling,
} from './labelling.js';
export {
  type PublishOptions,
  type Taxonomies,
  type TaxonomyVersion,
  taxonomies,
  taxonomiesProjection,
} from './taxonomies.js';
export { defineTaxonomy, labelAtDepth, type Taxonomy, type TaxonomyNode, upgradeLabel } from './taxonomy.js';
export { compareTaxonomies, type TaxonomyChange } from './taxonomy-change.js';
