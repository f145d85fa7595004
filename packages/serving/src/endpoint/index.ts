export { defaultCodec } from './codec.js';
export { createEndpoint } from './endpoint.js';
export { type PreflightCheck, type PreflightOptions, type PreflightReport, preflight } from './preflight.js';
export type * from './types.js';
