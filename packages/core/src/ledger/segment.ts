import { type Abortable, type Closable, closable } from '../foundation/abort.js';
import { decodeUtf8, encodeUtf8 } from '../foundation/bytes.js';
import { canonicalJson, type Json, type JsonObject } from '../foundation/canonical-json.js';
import { type Clock, systemClock } from '../foundation/clock.js';
import { type Digest, digestBytes, parseDigest, toDigest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { idSource } from '../foundation/ids.js';
import type { Random } from '../foundation/random.js';
import { collect } from '../storage/body.js';
import type { BlobStore } from '../storage/types.js';
import { leafHash } from '../verifier/merkle-hash.js';
import { merkleTree } from './merkle-tree.js';
import { erasureProjection } from './payload.js';
import type { Ledger, LedgerEvent, Projection } from './types.js';

/**
 * A run of high-rate records (decisions, observations, accesses) that lies in the blob store: a header line with the
 * segment's id, then one line of canonical JSON per record.
 * The ledger holds only its seal, so that retention can delete the records without touching history.
 */
export interface SealedSegment {
  readonly stream: string;
  readonly digest: Digest;
  readonly bytes: number;
  readonly count: number;
  /** Times of the first and the last record, milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** RFC 6962 root over the records, to prove a single one. */
  readonly root: Digest;
}

/** Which stream is written, and when a segment of it is sealed. */
export interface SegmentWriterOptions {
  readonly ledger: Ledger;
  readonly blobs: BlobStore;
  /** Name of the stream. Each writer makes its own segments, so writers need not know of each other. */
  readonly stream: string;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** A segment is sealed when it has this many bytes (default 4 MiB) … */
  readonly maxBytes?: number | undefined;
  /** … or its first record is this old (default 60,000 ms). */
  readonly maxAgeMs?: number | undefined;
  /** Segments that may wait for a slow store before `append` refuses. Default 8. */
  readonly maxWaiting?: number | undefined;
  /** Hears why a segment could not be sealed; it waits and is tried again with the next one, after `maxAgeMs`, and by `flush`. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Collects records and seals them in segments. What is not sealed yet is lost when the process ends. */
export interface SegmentWriter extends Closable {
  /** Takes one record, now. @throws `queue/full` when the store is too slow, `input/not-json` */
  append(record: JsonObject): void;
  /** Seals what there is. @throws what the store or the ledger throws; the records are kept */
  flush(): Promise<void>;
}

/** Opens a writer of one stream. A segment is sealed when it is large or old enough, or by `flush`. */
export function segmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const {
    ledger,
    blobs,
    stream,
    clock = systemClock,
    maxBytes = 4_194_304,
    maxAgeMs = 60_000,
    maxWaiting = 8,
  } = options;
  const nextId = idSource(clock, options.random);
  let open = emptySegment(nextId());
  const waiting: OpenSegment[] = [];
  let sealing: Promise<void> = Promise.resolve();
  let cancelTimer = () => {};
  let cancelRetry = () => {};
  let closed = false;

  const rotate = () => {
    cancelTimer();
    if (open.lines.length > 0) waiting.push(open);
    open = emptySegment(nextId());
  };

  const sealWaiting = (): Promise<void> => {
    const turn = sealing
      .catch(() => undefined)
      .then(async () => {
        while (waiting.length > 0) {
          await sealSegment(ledger, blobs, stream, waiting[0]!);
          waiting.shift();
        }
      });
    sealing = turn;
    turn.then(() => cancelRetry(), retryLater);
    return turn;
  };

  /** By itself: where every place is taken, no record comes that would be the next try. */
  const retryLater = () => {
    cancelRetry();
    if (!closed) cancelRetry = clock.schedule(maxAgeMs, seal);
  };

  const seal = () => {
    sealWaiting().catch((error: unknown) => options.onError?.(error));
  };

  const sealLater = () => {
    rotate();
    seal();
  };

  const flush = () => {
    rotate();
    return sealWaiting();
  };

  return {
    append(record) {
      const line = encodeUtf8(`${canonicalJson(record)}\n`);
      if (waiting.length >= maxWaiting) {
        throw new MillwrightError(
          'queue/full',
          `${maxWaiting} segments of \`${stream}\` wait to be sealed. The store is slower than the records.`,
          { details: { limit: maxWaiting } },
        );
      }
      const now = clock.now();
      if (open.lines.length === 0) {
        open.from = now;
        cancelTimer = clock.schedule(maxAgeMs, sealLater);
      }
      open.lines.push(line);
      open.bytes += line.byteLength;
      open.to = Math.max(open.to, now);
      if (open.bytes >= maxBytes) sealLater();
    },
    flush,
    ...closable(() => {
      closed = true;
      cancelRetry();
      return flush();
    }),
  };
}

/** The records of a segment, each checked by the segment's digest before any is handed out. Undefined when deleted. */
export async function readSegment(
  blobs: BlobStore,
  segment: Pick<SealedSegment, 'digest'>,
  options: Abortable = {},
): Promise<readonly JsonObject[] | undefined> {
  const body = await blobs.get(segment.digest, options);
  if (body === undefined) return undefined;
  const bytes = await collect(body);
  const actual = digestBytes(bytes);
  if (actual !== segment.digest) {
    throw new MillwrightError(
      'storage/corrupt',
      `The segment ${segment.digest} was changed: it has digest ${actual}.`,
      {
        details: { digest: segment.digest, actual },
      },
    );
  }
  const lines = decodeUtf8(bytes).split('\n').slice(1, -1);
  return lines.map((line) => JSON.parse(line) as JsonObject);
}

/** The sealed segments of each stream, oldest first; deleted ones are gone from it. */
export type Segments = ReadonlyMap<string, readonly SealedSegment[]>;

/** The sealed segments of every stream. */
export const segmentProjection: Projection<Segments> = {
  id: 'millwright.segment@1',
  init: () => new Map<string, SealedSegment[]>(),
  apply(state, event) {
    const streams = state as Map<string, readonly SealedSegment[]>;
    if (event.type === 'segment.sealed') {
      const segment = parseSegment(event);
      if (segment !== undefined) streams.set(segment.stream, [...(streams.get(segment.stream) ?? []), segment]);
    } else if (event.type === 'segment.expired') {
      const { stream, digests } = event.data;
      if (typeof stream !== 'string' || !Array.isArray(digests)) return state;
      const left = (streams.get(stream) ?? []).filter(({ digest }) => !digests.includes(digest));
      streams.set(stream, left);
    }
    return state;
  },
  fork: (state) => new Map(state),
  snapshot: {
    encode: (state) => Array.from(state, ([stream, segments]): Json => [stream, segments.map((each) => ({ ...each }))]),
    decode: (json) => new Map(json as readonly [string, readonly SealedSegment[]][]),
  },
};

/**
 * Deletes the segments of a stream whose last record is older than `before`, except those under legal hold (`holdPlaced` with
 * their digests). The ledger says so first; seals stay.
 */
export async function expireSegments(
  ledger: Ledger,
  blobs: BlobStore,
  { stream, before, signal }: { readonly stream: string; readonly before: number } & Abortable,
): Promise<readonly SealedSegment[]> {
  for (const projection of [segmentProjection, erasureProjection]) await ledger.use(projection, { signal });
  const { result } = await ledger.commit(
    (view) => {
      const { held } = view.state(erasureProjection);
      const sealed = view.state(segmentProjection).get(stream) ?? [];
      const expired = sealed.filter(({ to, digest }) => to < before && !held.has(digest));
      const data = { stream, before, digests: expired.map(({ digest }) => digest) };
      return { events: expired.length === 0 ? [] : [{ type: 'segment.expired', data }], result: expired };
    },
    { signal },
  );
  for (const { digest } of result) await blobs.delete(digest, { signal });
  return result;
}

const SEGMENT_FORMAT = 'millwright.segment/1';

interface OpenSegment {
  readonly id: string;
  readonly lines: Uint8Array[];
  bytes: number;
  from: number;
  to: number;
}

function emptySegment(id: string): OpenSegment {
  return { id, lines: [], bytes: 0, from: 0, to: Number.NEGATIVE_INFINITY };
}

/** Stores the records, then the seal. The key makes a repeated attempt harmless. */
async function sealSegment(ledger: Ledger, blobs: BlobStore, stream: string, segment: OpenSegment): Promise<void> {
  // The id makes equal records of two writers two segments, so that deleting one never deletes the other.
  const { id } = segment;
  const header = encodeUtf8(`${canonicalJson({ format: SEGMENT_FORMAT, id, stream })}\n`);
  const bytes = new Uint8Array(header.byteLength + segment.bytes);
  bytes.set(header);
  const tree = merkleTree();
  let at = header.byteLength;
  for (const line of segment.lines) {
    bytes.set(line, at);
    at += line.byteLength;
    tree.append(leafHash(line.subarray(0, -1)));
  }
  const digest = digestBytes(bytes);
  await blobs.put(digest, bytes, { size: bytes.byteLength });
  const { from, to } = segment;
  const sealed = {
    stream,
    digest,
    bytes: bytes.byteLength,
    count: segment.lines.length,
    from,
    to,
    root: toDigest(tree.root()),
  };
  await ledger.commit(() => ({ events: [{ type: 'segment.sealed', data: sealed }], result: undefined }), {
    idempotencyKey: `segment ${id}`,
    onReplay: () => undefined,
  });
}

function parseSegment({ data }: LedgerEvent): SealedSegment | undefined {
  const { stream, digest, bytes, count, from, to, root } = data;
  if (typeof stream !== 'string' || ![bytes, count, from, to].every(Number.isFinite)) return undefined;
  try {
    return {
      stream,
      digest: parseDigest(digest),
      bytes: Number(bytes),
      count: Number(count),
      from: Number(from),
      to: Number(to),
      root: parseDigest(root),
    };
  } catch {
    return undefined;
  }
}
