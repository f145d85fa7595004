export { type CosignedHead, type CosignOptions, cosignHead, type Witness, type WitnessFailure } from './cosign.js';
export { type ExportTilesOptions, exportTiles } from './export-tiles.js';
export { type ImportTilesOptions, importTiles } from './import-tiles.js';
export type { TileFile } from './tile-columns.js';
export { tilePath } from './tile-path.js';
export { type ReadTile, type TilesReport, verifyTiles } from './verify-tiles.js';
