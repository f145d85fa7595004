export { type HubCacheOptions, type HubSnapshot, readHubSnapshot } from './huggingface/cache.js';
export { type HubImport, importFromHub } from './huggingface/import.js';
export { writeHubRepository } from './huggingface/repository.js';
