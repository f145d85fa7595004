export * from './aligner.js';
export * from './conflict.js';
