export { type DetectorCasesOptions, detectorCases } from './detector.js';
