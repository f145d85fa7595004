export { modelRuntimeCases, type RuntimeFixture } from './model-runtime.js';
