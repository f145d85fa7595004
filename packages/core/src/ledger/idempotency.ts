import type { CommitId } from '../foundation/ids.js';
import type { Section } from './commit-codec.js';

/** How many keys are remembered. Every reader of a ledger remembers the same ones, because they come from the leaves. */
export const IDEMPOTENCY_WINDOW = 8_192;

/** What a key did. The events are leaves `firstIndex` to `firstIndex + count - 1`. */
export interface KeyedOutcome {
  readonly seq: number;
  readonly commitId: CommitId;
  readonly time: number;
  readonly firstIndex: number;
  readonly count: number;
}

/** The latest idempotency keys of a ledger. */
export interface IdempotencyWindow {
  find(key: string): KeyedOutcome | undefined;
  /** Notes the keys of an accepted commit whose first leaf is `firstIndex`. The first use of a key counts. */
  note(seq: number, firstIndex: number, sections: readonly Section[]): void;
  /** Oldest first, for a checkpoint. */
  entries(): (readonly [string, KeyedOutcome])[];
  /** Puts back what `entries` gave. */
  restore(key: string, outcome: KeyedOutcome): void;
}

export function idempotencyWindow(capacity = IDEMPOTENCY_WINDOW): IdempotencyWindow {
  const outcomes = new Map<string, KeyedOutcome>();
  const restore = (key: string, outcome: KeyedOutcome) => {
    outcomes.set(key, outcome);
    if (outcomes.size > capacity) outcomes.delete(outcomes.keys().next().value!);
  };
  return {
    restore,
    entries: () => [...outcomes],
    find: (key) => outcomes.get(key),
    note(seq, firstIndex, sections) {
      let index = firstIndex;
      for (const { info } of sections) {
        const { idempotencyKey: key, commitId, time, count } = info;
        if (key !== undefined && !outcomes.has(key))
          restore(key, { seq, commitId, time, firstIndex: index + 1, count });
        index += 1 + count;
      }
    },
  };
}
