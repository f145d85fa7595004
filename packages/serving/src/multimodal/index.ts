export * from './aligner.js';
export * from './conflict.js';
export * from './meter.js';
export * from './modalities.js';
export * from './quarantine.js';
export * from './serve-aligned.js';
