export type { Access, AccessRequest, Authorise, Caller } from './http/access.js';
export type { ServedEndpoint } from './http/endpoints.js';
export type { WatchedMonitor } from './http/monitors.js';
export type { ReadinessCheck } from './http/operations.js';
export { type Problem, problemOf, problemResponse } from './http/problem.js';
export { type FetchHandler, type HttpServiceOptions, httpService, type ServeOptions } from './http/service.js';
