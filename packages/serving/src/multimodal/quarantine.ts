import { type Clock, defined, systemClock } from '@millwright/core';

/** Something that could not be worked on, and why. */
export interface QuarantinedItem<T> {
  readonly id: number;
  readonly item: T;
  /** A word to count by: `missing image`, `late`, `serving/model-failed`. */
  readonly reason: string;
  /** When it came here, milliseconds since 1970. */
  readonly at: number;
  /** How often it was tried again. */
  readonly attempts: number;
}

/** How many items are kept, and how often each is tried again. */
export interface QuarantineOptions<T> {
  /** Items that are kept. The oldest goes when one more comes. Default 1,000. */
  readonly maxItems?: number | undefined;
  /** Times that an item is tried again before it stays for good. Default 3. */
  readonly maxAttempts?: number | undefined;
  /** Hears of items that go because there are too many: the last chance to keep them elsewhere. */
  readonly onEvicted?: ((item: QuarantinedItem<T>) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** A dead-letter queue in memory: what is put here stays visible until somebody releases it. */
export interface Quarantine<T> {
  add(item: T, reason: string): void;
  /** Oldest first. */
  readonly items: readonly QuarantinedItem<T>[];
  /** How many came here for each reason, also those that have gone. */
  readonly counts: ReadonlyMap<string, number>;
  readonly evicted: number;
  /**
   * Tries items again, oldest first, one after the other: what `handle` resolves for is gone, what it rejects for stays
   * with that as its reason. Items that were tried `maxAttempts` times are left alone, unless `only` asks for them.
   */
  replay(
    handle: (item: T) => Promise<unknown>,
    only?: (item: QuarantinedItem<T>) => boolean,
  ): Promise<{ readonly released: number; readonly kept: number }>;
  /** Takes an item out. */
  release(id: number): T | undefined;
}

/** An empty quarantine. */
export function quarantine<T>(options: QuarantineOptions<T> = {}): Quarantine<T> {
  const { maxItems, maxAttempts, onEvicted, clock } = { ...DEFAULTS, ...defined(options) };
  // In order of arrival.
  const held = new Map<number, QuarantinedItem<T>>();
  const counts = new Map<string, number>();
  let nextId = 1;
  let evicted = 0;

  return {
    add(item, reason) {
      const id = nextId++;
      held.set(id, { id, item, reason, at: clock.now(), attempts: 0 });
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      while (held.size > maxItems) {
        const [oldest] = held.values();
        held.delete(oldest!.id);
        evicted++;
        onEvicted?.(oldest!);
      }
    },
    get items() {
      return [...held.values()];
    },
    counts,
    get evicted() {
      return evicted;
    },
    async replay(handle, only = ({ attempts }) => attempts < maxAttempts) {
      const result = { released: 0, kept: 0 };
      for (const entry of [...held.values()].filter(only)) {
        try {
          await handle(entry.item);
          held.delete(entry.id);
          result.released++;
        } catch (error) {
          result.kept++;
          if (held.has(entry.id))
            held.set(entry.id, { ...entry, reason: reasonOf(error), attempts: entry.attempts + 1 });
        }
      }
      return result;
    },
    release(id) {
      const entry = held.get(id);
      held.delete(id);
      return entry?.item;
    },
  };
}

/** The code of a coded error, else `failed`: messages are not words to count by. */
export function reasonOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'failed';
}

const DEFAULTS = { maxItems: 1_000, maxAttempts: 3, onEvicted: undefined, clock: systemClock };
