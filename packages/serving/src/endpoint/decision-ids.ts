import type { DecisionId, Random } from '@millwright/core';

/**
 * Ids for decisions: ULIDs (time, then randomness) whose last six characters count. A request costs a table look-up
 * instead of sixteen random numbers, and ids of one source still sort in the order in which they were made.
 */
export function decisionIds(random: Random): (timeMs: number) => DecisionId {
  let time = Number.NEGATIVE_INFINITY;
  let counter = 0;
  let prefix = '';
  /** All but the last two characters. */
  let stem = '';

  function renew(now: number): void {
    time = Math.max(time + 1, now);
    counter = 0;
    prefix = timePairs(time);
    for (let i = 0; i < 5; i++) prefix += PAIRS[Math.floor(1024 * random.next())]!;
    setStem();
  }

  function setStem(): void {
    stem = prefix + PAIRS[counter >>> 20]! + PAIRS[(counter >>> 10) & 1023]!;
  }

  return (timeMs) => {
    const now = Math.max(0, Math.floor(timeMs));
    // A clock that goes back keeps the old prefix, and with it the order.
    if (now > time || counter === LAST) renew(now);
    counter++;
    if ((counter & 1023) === 0) setStem();
    return (stem + PAIRS[counter & 1023]!) as DecisionId;
  };
}

/** Crockford's base 32, as ULIDs use it. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PAIRS = Array.from({ length: 1024 }, (_, i) => ALPHABET[i >> 5]! + ALPHABET[i & 31]!);
const LAST = 2 ** 30 - 1;

/** Ten digits. Bits are taken from halves, because operators on bits know 32 of them. */
function timePairs(time: number): string {
  const high = Math.floor(time / 2 ** 30);
  const low = time % 2 ** 30;
  return (
    PAIRS[high >>> 10]! + PAIRS[high & 1023]! + PAIRS[low >>> 20]! + PAIRS[(low >>> 10) & 1023]! + PAIRS[low & 1023]!
  );
}
