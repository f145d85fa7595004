import {
  type Abortable,
  type Clock,
  type Closable,
  closable,
  type Digest,
  digestJson,
  type JsonObject,
} from '@millwright/core';
import { type Ledger, readSegment, segmentProjection, segmentWriter } from '@millwright/core/ledger';
import type { BlobStore } from '@millwright/core/storage';
import type { Monitor } from './monitor.js';
import type { DriftDecision } from './types.js';

/** The stream of a ledger's segments that holds the windows of monitors. */
export const WINDOW_STREAM = 'drift';

/** Where windows are kept: a registry will do. */
export interface WindowStore {
  readonly ledger: Ledger;
  readonly blobs: BlobStore;
}

/** When windows are sealed, and who hears of what went wrong. */
export interface WindowLogOptions {
  readonly clock?: Clock | undefined;
  /** A window is in the store at the latest after this time. Default 60,000 ms. */
  readonly maxAgeMs?: number | undefined;
  /** Hears why windows could not be kept or sealed. The monitor goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Keeps what a monitor says until it is closed. */
export interface WindowLog extends Closable {
  /** Seals what there is. @throws what the store or the ledger throws; the windows are kept */
  flush(): Promise<void>;
}

/**
 * Keeps every window that a monitor judges in segments of a ledger, column by column, so that the console and reports of
 * any process that opens the same storage draw it. Rows are in none of it. What is not sealed yet is lost when the process
 * ends without `close`.
 *
 * @example
 * await using log = logWindows(monitor, registry);
 */
export function logWindows(
  monitor: Pick<Monitor, 'events'>,
  { ledger, blobs }: WindowStore,
  options: WindowLogOptions = {},
): WindowLog {
  const segments = segmentWriter({ ledger, blobs, stream: WINDOW_STREAM, ...options });
  const stop = monitor.events.on('window', (record) => {
    try {
      segments.append(plain(record));
    } catch (error) {
      options.onError?.(error);
    }
  });
  const close = async () => {
    stop();
    await segments.close();
  };
  return { flush: () => segments.flush(), ...closable(close) };
}

/** How much of what was kept is read. */
export interface WindowHistoryOptions {
  /** Windows of each monitor, the latest ones. Default 366. */
  readonly windows?: number | undefined;
  /** Most bytes of segments that are read and held, the latest ones. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Reads what `logWindows` has kept: the windows of each monitor, oldest first. What was read is held, so that asking again
 * reads only what is new; records that are not what their digest says are left out.
 *
 * @throws `storage/corrupt` when a segment was changed
 * @example
 * const read = windowHistory(registry);
 * const windows = (await read()).get('flights by day') ?? [];
 */
export function windowHistory(
  { ledger, blobs }: WindowStore,
  { windows = 366, maxBytes = 64 * 2 ** 20 }: WindowHistoryOptions = {},
): (options?: Abortable) => Promise<ReadonlyMap<string, readonly DriftDecision[]>> {
  let held = new Map<Digest, readonly DriftDecision[]>();
  return async (options = {}) => {
    await ledger.use(segmentProjection, options);
    const next = new Map<Digest, readonly DriftDecision[]>();
    for (const segment of latest(ledger.state(segmentProjection).get(WINDOW_STREAM) ?? [], maxBytes)) {
      const { digest } = segment;
      next.set(digest, held.get(digest) ?? ((await readSegment(blobs, segment, options)) ?? []).filter(isWindow));
    }
    held = next;
    return byMonitor([...next.values()].flat(), windows);
  };
}

/** The newest ones, oldest first, as many as have no more bytes together. */
function latest<T extends { readonly bytes: number }>(segments: readonly T[], maxBytes: number): readonly T[] {
  let from = segments.length;
  for (let bytes = 0; from > 0; from--) {
    bytes += segments[from - 1]!.bytes;
    if (bytes > maxBytes) break;
  }
  return segments.slice(from);
}

function byMonitor(records: readonly DriftDecision[], windows: number): ReadonlyMap<string, readonly DriftDecision[]> {
  const found = new Map<string, Map<Digest, DriftDecision>>();
  for (const record of records) {
    const known = found.get(record.monitor) ?? new Map<Digest, DriftDecision>();
    // A replay says the same of the same rows: it is one window.
    found.set(record.monitor, known.set(record.digest, record));
  }
  return new Map(Array.from(found, ([name, known]) => [name, [...known.values()].slice(-windows)]));
}

/** As its digest sees it: NaN is null, what is undefined is absent. */
function plain(record: DriftDecision): JsonObject {
  return JSON.parse(JSON.stringify(record));
}

function isWindow(record: JsonObject): record is JsonObject & DriftDecision {
  const { digest, ...content } = record;
  const { format, monitor, window, checks, trigger } = content;
  return (
    format === 'millwright.drift-decision/1' &&
    typeof monitor === 'string' &&
    typeof window === 'object' &&
    typeof trigger === 'object' &&
    Array.isArray(checks) &&
    digestJson(content) === digest
  );
}
