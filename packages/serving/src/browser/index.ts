export { checkSignature, describeModel, type ModelDescription, parseDescription } from './description.js';
export type { DownloadOptions, DownloadProgress } from './download.js';
export { type ModelAtOptions, modelAt } from './model-at.js';
export { type OpenModel, type OpenModelOptions, openModel } from './open-model.js';
