export { describeModel, type ModelDescription, parseDescription } from './description.js';
export { type DeviceStore, type ExpectedPiece, memoryStore, type PieceBatch } from './device-store.js';
export type { DownloadOptions, DownloadProgress } from './download.js';
export { type ModelAtOptions, modelAt, type PublishedModel } from './model-at.js';
export { deviceStore } from './open-device-store.js';
export { type OpenInWorkerOptions, openInWorker, type WorkerModel } from './open-in-worker.js';
export { type OpenModel, type OpenModelOptions, openModel } from './open-model.js';
export { serveInWorker, type WorkerScope } from './serve-in-worker.js';
