import { invalidInput } from '@millwright/core';
import { BUCKETS, type Policy, type PolicyMode, type PolicyRange } from './policy.js';

/** What the new policy says besides the shares. */
export interface RampOptions {
  /** Default `canary`, or `champion` when no other arm has a share. */
  readonly mode?: PolicyMode | undefined;
  /** Until when the policy is followed, milliseconds since 1970. Default: for ever. */
  readonly validUntil?: number | undefined;
}

/**
 * The policy of the next epoch, with these shares for the arms other than the champion; arms left out get 0.
 * Moves as few buckets as possible: an arm that grows takes the champion's lowest buckets, an arm that shrinks gives back
 * to the champion what it got last. So a unit that has seen an arm stays on it while that arm does not shrink, and nobody
 * changes between two challengers as long as the champion has room. An arm with share w owns floor(w * 2^32) buckets.
 * @throws `input/invalid` for shares outside [0, 1] or of more than 1 together
 */
export function ramp(policy: Policy, shares: Readonly<Record<string, number>>, options: RampOptions = {}): Policy {
  const { champion } = policy;
  const epoch = policy.epoch + 1;
  const targets = targetSizes(shares, champion);
  const owned = policy.ranges.filter((range) => range.arm !== champion);
  const kept: PolicyRange[] = [];
  for (const arm of new Set(owned.map((range) => range.arm))) kept.push(...shrink(owned, arm, targets.get(arm) ?? 0));
  const room = [...gaps(owned), ...subtract(gaps(kept), gaps(owned))];
  for (const [arm, size] of targets) {
    let missing = size - sizeOf(kept, arm);
    while (missing > 0) {
      const place = room.shift();
      if (place === undefined) throw invalidInput('shares', 'shares that sum to at most 1', JSON.stringify(shares));
      const end = Math.min(place.end, place.start + missing);
      if (end < place.end) room.unshift({ start: end, end: place.end });
      kept.push({ start: place.start, end, arm, since: epoch });
      missing -= end - place.start;
    }
  }
  const ranges = [...kept, ...gaps(kept).map((gap) => ({ ...gap, arm: champion, since: epoch }))].sort(byStart);
  const mode = options.mode ?? (kept.length === 0 ? 'champion' : 'canary');
  return { ...policy, epoch, mode, ranges: joined(ranges), validUntil: options.validUntil };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const byStart = (a: Span, b: Span) => a.start - b.start;
const sizeOf = (ranges: readonly PolicyRange[], arm: string) =>
  ranges.reduce((sum, range) => (range.arm === arm ? sum + range.end - range.start : sum), 0);

function targetSizes(shares: Readonly<Record<string, number>>, champion: string): Map<string, number> {
  const targets = new Map<string, number>();
  let total = 0;
  for (const [arm, share] of Object.entries(shares)) {
    if (arm === champion) continue;
    if (!(share >= 0 && share <= 1)) throw invalidInput(`shares.${arm}`, 'a fraction between 0 and 1', share);
    targets.set(arm, Math.floor(share * BUCKETS));
    total += targets.get(arm)!;
  }
  if (total > BUCKETS) throw invalidInput('shares', 'shares that sum to at most 1', total / BUCKETS);
  return targets;
}

/** What the arm keeps: of its ranges, oldest and lowest first, as many buckets as it may have. */
function shrink(ranges: readonly PolicyRange[], arm: string, size: number): PolicyRange[] {
  const own = ranges.filter((range) => range.arm === arm).sort((a, b) => a.since - b.since || byStart(a, b));
  const kept: PolicyRange[] = [];
  let left = size;
  for (const range of own) {
    if (left <= 0) break;
    const end = Math.min(range.end, range.start + left);
    kept.push({ ...range, end });
    left -= end - range.start;
  }
  return kept;
}

/** The buckets that none of the spans covers. */
function gaps(spans: readonly Span[]): Span[] {
  const free: Span[] = [];
  let at = 0;
  for (const { start, end } of [...spans].sort(byStart)) {
    if (start > at) free.push({ start: at, end: start });
    at = end;
  }
  if (at < BUCKETS) free.push({ start: at, end: BUCKETS });
  return free;
}

/** The parts of `spans` outside `without`; both sorted. */
function subtract(spans: readonly Span[], without: readonly Span[]): Span[] {
  return spans.flatMap((span) => {
    const parts: Span[] = [];
    let at = span.start;
    for (const hole of without) {
      if (hole.end <= at || hole.start >= span.end) continue;
      if (hole.start > at) parts.push({ start: at, end: hole.start });
      at = Math.max(at, hole.end);
    }
    if (at < span.end) parts.push({ start: at, end: span.end });
    return parts;
  });
}

/** Neighbours of one arm become one range where the order of giving back stays the same. */
function joined(ranges: readonly PolicyRange[]): PolicyRange[] {
  const out: PolicyRange[] = [];
  for (const range of ranges) {
    const last = out.at(-1);
    if (last?.arm === range.arm && last.since === range.since) out[out.length - 1] = { ...last, end: range.end };
    else out.push(range);
  }
  return out;
}
