export { CHUNK_BYTES, findBadChunk, readRange } from './chunks.js';
export { blobsOf, decodeManifest, encodeManifest, MANIFEST_FORMAT, manifestDigest, manifestOf } from './manifest.js';
export { mediaTypeOf } from './media-type.js';
export { type ArtifactReport, openArtifact, type VerifyArtifactOptions, verifyArtifact } from './open.js';
export { checkCollisions, checkPath } from './path.js';
export { describeFiles, type FileSource, type PutOptions, putArtifact } from './put.js';
export type * from './types.js';
