import { type Clock, type Digest, defined, invalidInput, systemClock } from '@millwright/core';
import { type CacheFacts, cacheKey } from './cache-key.js';

/** Answers by what they depend on. An endpoint asks it before it asks a model. */
export interface ResponseCache {
  /** The key of a request; undefined when its input cannot be one. */
  keyOf(facts: CacheFacts): Digest | undefined;
  /**
   * Takes the answer, or a place in the line for it.
   * @param stale true: an answer that is older than its time will do
   * @param follow called when whoever is asking for the same has an answer, or with undefined when there will be none
   */
  take(key: Digest, stale: boolean, follow: (found: Found | undefined) => void): Taken;
  /** What whoever leads has got; undefined when it failed, was held back or given up. */
  settle(key: Digest, answer: { readonly output: unknown } | undefined): void;
  readonly stats: CacheStats;
}

/** An answer that was kept. */
export interface Found {
  readonly output: unknown;
  /** It is older than `ttlMs`. */
  readonly stale: boolean;
}

/** `lead`: ask the model, and settle. `follow`: somebody is asking already. */
export type Taken = ({ readonly kind: 'hit' } & Found) | { readonly kind: 'lead' } | { readonly kind: 'follow' };

/** Counts since the cache was made, and what it holds now. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Requests that were answered by the answer to another one under way. */
  readonly shared: number;
  readonly entries: number;
  /** As estimated from the values. */
  readonly bytes: number;
  readonly evicted: number;
}

/** How much is kept, and for how long. */
export interface ResponseCacheOptions {
  /** Bytes that answers may take, as estimated from their values. */
  readonly maxBytes: number;
  /** How long an answer is good. Default 60,000. */
  readonly ttlMs?: number | undefined;
  /** How long after that it may still be given where `stale` is asked for. Default 600,000. */
  readonly staleMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * A cache of answers, content-addressed: the key is the digest of model, arm, tenant and input. Requests for the same
 * thing at the same time become one; each keeps its own deadline and may be aborted without the others. Failures,
 * abstentions and fallbacks are never kept. The least recently used answers go when `maxBytes` are reached; what is
 * given out is a copy.
 *
 * Do not cache what depends on anything else than its input.
 *
 * @throws `input/invalid` when `maxBytes` is not a positive number
 */
export function responseCache(options: ResponseCacheOptions): ResponseCache {
  const { maxBytes, ttlMs, staleMs, clock } = { ...DEFAULTS, ...defined(options) };
  if (!(maxBytes > 0)) throw invalidInput('maxBytes', 'a positive number of bytes', maxBytes);
  // A Map keeps the order of insertion: the first entry is the least recently used one.
  const entries = new Map<Digest, Entry>();
  const lines = new Map<Digest, ((found: Found | undefined) => void)[]>();
  const stats = { hits: 0, misses: 0, shared: 0, evicted: 0 };
  let bytes = 0;

  function drop(key: Digest): void {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  function find(key: Digest, stale: boolean): Found | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const age = clock.monotonic() - entry.at;
    if (age > ttlMs + staleMs) drop(key);
    if (age > ttlMs + (stale ? staleMs : 0)) return undefined;
    entries.delete(key);
    entries.set(key, entry);
    return { output: structuredClone(entry.output), stale: age > ttlMs };
  }

  function keep(key: Digest, output: unknown): void {
    const size = KEY_BYTES + sizeOf(output);
    drop(key);
    if (size > maxBytes) return;
    entries.set(key, { output, bytes: size, at: clock.monotonic() });
    bytes += size;
    for (const oldest of entries.keys()) {
      if (bytes <= maxBytes) break;
      drop(oldest);
      stats.evicted++;
    }
  }

  return {
    keyOf: cacheKey,
    take(key, stale, follow) {
      const found = find(key, stale);
      if (found !== undefined) {
        stats.hits++;
        return { kind: 'hit', ...found };
      }
      const line = lines.get(key);
      if (line !== undefined) {
        line.push(follow);
        return { kind: 'follow' };
      }
      stats.misses++;
      lines.set(key, []);
      return { kind: 'lead' };
    },
    settle(key, answer) {
      const line = lines.get(key) ?? [];
      lines.delete(key);
      const own = answer && copyOf(answer.output);
      if (own !== undefined) keep(key, own.output);
      // Without an answer the first of them takes the lead, and the others line up behind it again.
      for (const follow of line) {
        if (own !== undefined) stats.shared++;
        follow(own && { output: structuredClone(own.output), stale: false });
      }
    },
    get stats() {
      return { ...stats, entries: entries.size, bytes };
    },
  };
}

/** Undefined for what cannot be copied: functions, class instances with private state. */
function copyOf(output: unknown): { readonly output: unknown } | undefined {
  try {
    return { output: structuredClone(output) };
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly output: unknown;
  readonly bytes: number;
  readonly at: number;
}

const DEFAULTS = { ttlMs: 60_000, staleMs: 600_000, clock: systemClock };

/** A key, an entry and their places in two tables, roughly. */
const KEY_BYTES = 200;

/** Bytes of a value on the heap, roughly: what can be wrong is a factor of two, not of a thousand. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 16 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  let size = 32;
  for (const [key, member] of Object.entries(value)) size += 8 + key.length + sizeOf(member);
  return size;
}
