export { defaultCodec } from './codec.js';
export { createEndpoint } from './endpoint.js';
export type * from './types.js';
