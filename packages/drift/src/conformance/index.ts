export { type DetectorCasesOptions, detectorCases } from './detector.js';
export { type TwoSampleCasesOptions, twoSampleCases } from './two-sample.js';
