export { type AdwinOptions, adwin } from './adwin.js';
export { type CusumOptions, cusum } from './cusum.js';
export { type DdmOptions, ddm, type EddmOptions, eddm } from './ddm.js';
export { type DetectorDefinition, defineDetector } from './define.js';
export { type EDetectorOptions, eDetector } from './e-detector.js';
export { type HddmOptions, type HddmWOptions, hddmA, hddmW } from './hddm.js';
export { type KswinOptions, kswin } from './kswin.js';
export { type PageHinkleyOptions, pageHinkley } from './page-hinkley.js';
export type * from './types.js';
