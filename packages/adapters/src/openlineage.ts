export { type OpenLineageOptions, openLineageEvents, runEvent, runUuid } from './openlineage/emit.js';
export { type Ingested, ingestOpenLineage } from './openlineage/ingest.js';
export type * from './openlineage/types.js';
