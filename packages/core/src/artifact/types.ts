import type { Abortable } from '../foundation/abort.js';
import type { Digest } from '../foundation/digest.js';

/** One file of an artifact, by its path and the digest of its bytes. */
export interface ManifestFile {
  /** Logical path inside the artifact: relative, `/`-separated, no `.` or `..` part. It is never used as a storage path. */
  readonly path: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly mediaType?: string | undefined;
  /** For a file of more than 1 MiB: digest of the list of its chunks' digests, with which `readRange` verifies parts. */
  readonly chunks?: Digest | undefined;
}

/** The list of an artifact's files. Its digest is the artifact's identity. */
export interface Manifest {
  readonly format: 'millwright.manifest/1';
  /** Sorted by path. */
  readonly files: readonly ManifestFile[];
}

/** An artifact whose every read is checked against the manifest before the bytes are handed out. */
export interface VerifiedArtifact {
  readonly digest: Digest;
  readonly manifest: Manifest;
  /** The whole file. @throws `artifact/missing`, `artifact/mismatch`, `state/not-found` */
  bytes(path: string, options?: Abortable): Promise<Uint8Array>;
  /** The file as a stream that fails at its end when the digest is wrong. */
  stream(path: string, options?: Abortable): Promise<ReadableStream<Uint8Array>>;
}

/** How far a put or a check has come, in bytes. */
export interface Progress {
  readonly path: string;
  readonly done: number;
  readonly total: number;
}
