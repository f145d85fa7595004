import type { Abortable } from '../foundation/abort.js';
import type { Digest } from '../foundation/digest.js';
import type { CommitId } from '../foundation/ids.js';

/** The newest commit of a log. */
export interface LogHead {
  /** Sequence number of the last commit; the first is 1. */
  readonly seq: number;
  readonly commitId: CommitId;
}

/** A commit as it lies in a log. */
export interface StoredCommit extends LogHead {
  readonly bytes: Uint8Array;
}

/** What a log store promises. */
export interface LogCapabilities {
  /** What has been promised when `append` answers `committed`. */
  readonly durability: 'none' | 'relaxed' | 'fsync' | 'replicated';
  /** Several processes may append to it. */
  readonly multiWriter: boolean;
  /** Longest commit that it takes. */
  readonly maxCommitBytes: number;
}

/** Uncertainty is a value. Throwing means a bug, a permission or a store that cannot be used at all. */
export type AppendOutcome =
  | { readonly kind: 'committed' }
  /** Another commit has this place. `head` may be newer than the place that was asked for. */
  | { readonly kind: 'conflict'; readonly head: LogHead }
  /** The store did not answer: the commit may be there or not. Read `seq` back and compare commit ids. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

/** A totally ordered log with compare-and-set append: commit `seq` is accepted only directly after `seq - 1`, once. */
export interface LogStore extends AsyncDisposable {
  readonly id: string;
  readonly capabilities: LogCapabilities;
  /** The newest commit this client can see, or undefined for an empty log. May be stale, never ahead. */
  head(options?: Abortable): Promise<LogHead | undefined>;
  append(commit: StoredCommit, options?: Abortable): Promise<AppendOutcome>;
  /**
   * Where writers can take turns: runs the work while no other writer that asks for a turn has one. It saves lost races and
   * nothing depends on it: whoever waits too long, or never asks, may append as well.
   */
  turn?<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Where a store can tell: yields when somebody may have appended, and once when it has begun to listen. It may yield too
   * often, and nothing depends on it: who reads now and then misses nothing. Ends when the signal aborts. @throws `storage/failed`
   */
  watch?(options?: Abortable): AsyncIterable<unknown>;
  /** Commits from `from` (1 is the first) in order without gaps, until the head or `limit`. */
  read(
    range: { readonly from: number; readonly limit?: number | undefined },
    options?: Abortable,
  ): AsyncIterable<StoredCommit>;
}

/** Bytes, at once or in pieces. */
export type BlobBody = Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a store knows of a blob without reading it. */
export interface BlobStat {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** When it was stored, milliseconds since 1970, if the store knows. */
  readonly storedAt?: number | undefined;
}

/** A part of a blob, counted in bytes from 0. */
export interface ByteRange {
  readonly start: number;
  /** First byte that is not wanted. */
  readonly end: number;
}

/** Bytes by digest. The key is the content, so no compare-and-set is needed and putting twice is harmless. */
export interface BlobStore extends AsyncDisposable {
  readonly id: string;
  /** Stores the body under its digest, all or nothing. @throws `storage/corrupt` when the body has another digest or size */
  put(digest: Digest, body: BlobBody, options: { readonly size: number } & Abortable): Promise<'created' | 'exists'>;
  /** The bytes (or a range of them), not verified: `artifact` verifies what it reads. Undefined when absent. */
  get(
    digest: Digest,
    options?: { readonly range?: ByteRange | undefined } & Abortable,
  ): Promise<ReadableStream<Uint8Array> | undefined>;
  stat(digest: Digest, options?: Abortable): Promise<BlobStat | undefined>;
  /** All blobs in digest order, from after `after`. */
  list(options?: { readonly after?: Digest | undefined } & Abortable): AsyncIterable<BlobStat>;
  /** True when it was there. */
  delete(digest: Digest, options?: Abortable): Promise<boolean>;
  /** Where the store can: a blob whose ranges are read without waiting, even after it was deleted. Undefined when absent. */
  open?(digest: Digest, options?: Abortable): Promise<OpenBlob | undefined>;
}

/** A blob that is held open until its store is closed, or until nobody can call `read` any more. */
export interface OpenBlob {
  readonly size: number;
  /** The bytes of a range, not verified. @throws `storage/failed`, `state/closed` */
  read(range: ByteRange): Uint8Array;
}

/**
 * One small mutable text, such as the digest of the newest checkpoint. It is advice: missing, old or wrong content costs
 * time and nothing else.
 */
export interface HintSlot {
  get(options?: Abortable): Promise<string | undefined>;
  set(text: string, options?: Abortable): Promise<void>;
}

/** The two doors of one place: what `folder()`, `memory()` and other storage adapters return. */
export interface Storage extends AsyncDisposable {
  readonly log: LogStore;
  readonly blobs: BlobStore;
  readonly hint?: HintSlot | undefined;
}
