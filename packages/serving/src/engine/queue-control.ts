/**
 * Tells a queue that only absorbs a burst from one that stands: the least delay of 100 ms decides, as in CoDel
 * (RFC 8289); the delay is what is left divided by how fast it is worked off, as in PIE (RFC 8033, section 4.2).
 */
export interface QueueControl {
  /** The queue has stood for a whole interval, and has not come down to half the target since. */
  standing(now: number): boolean;
  /** After a run was taken: milliseconds it takes to work off what is left, and how much of that is all right. */
  left(delayMs: number, targetMs: number, now: number): void;
}

export function queueControl(): QueueControl {
  let since = Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let stands = false;
  return {
    // Nothing was taken for long: whatever stood is gone.
    standing: (now) => stands && now - since < 2 * INTERVAL_MS,
    left(delayMs, targetMs, now) {
      if (now - since >= INTERVAL_MS) {
        stands = now - since < 2 * INTERVAL_MS && least > (stands ? targetMs / 2 : targetMs);
        since = now;
        least = Number.POSITIVE_INFINITY;
      }
      if (delayMs < least) least = delayMs;
    },
  };
}

/** CoDel's interval: longer than a burst, shorter than anybody's patience. */
const INTERVAL_MS = 100;
