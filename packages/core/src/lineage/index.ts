export { toDot, toJson, toMermaid } from './export.js';
export {
  ancestors,
  descendants,
  edgesOf,
  impact,
  isLineageKind,
  type LineageGraph,
  lineageGraph,
  neighbourhood,
  paths,
} from './graph.js';
export { lineageProjection, lineageRecorded } from './projection.js';
export type * from './types.js';
