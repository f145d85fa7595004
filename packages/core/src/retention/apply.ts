import type { Abortable } from '../foundation/abort.js';
import { type Clock, systemClock } from '../foundation/clock.js';
import type { Digest } from '../foundation/digest.js';
import { erasureProjection, redact } from '../ledger/payload.js';
import { expireSegments, type SealedSegment, segmentProjection } from '../ledger/segment.js';
import type { Ledger } from '../ledger/types.js';
import type { BlobStore } from '../storage/types.js';
import { keyOf, retentionProjection } from './projection.js';

/** Whether anything is erased, and in whose name. */
export interface RetentionOptions extends Abortable {
  /** Only say what would be erased. Default true. */
  readonly dryRun?: boolean | undefined;
  /** Default: the ledger's. */
  readonly actor?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** What the rules erased, or would. */
export interface RetentionReport {
  readonly dryRun: boolean;
  /** What was erased, or would be. */
  readonly payloads: readonly Digest[];
  readonly segments: readonly SealedSegment[];
  /** What is due but under legal hold, by digest. */
  readonly held: readonly Digest[];
}

/** Erases what the rules (`retentionSet`) say is too old and no legal hold protects; run it every day. */
export async function applyRetention(
  ledger: Ledger,
  blobs: BlobStore,
  options: RetentionOptions = {},
): Promise<RetentionReport> {
  const { dryRun = true, actor, clock = systemClock, signal } = options;
  for (const projection of [retentionProjection, erasureProjection, segmentProjection])
    await ledger.use(projection, { signal });
  await ledger.refresh({ signal });
  const { rules, payloads: known } = ledger.state(retentionProjection);
  const { held, redacted } = ledger.state(erasureProjection);
  const now = clock.now();
  const due: Record<'payloads' | 'held', Digest[]> = { payloads: [], held: [] };
  const byBasis = new Map<string, Digest[]>();
  for (const [digest, { class: kind, time }] of known) {
    const rule = rules.get(keyOf('payload', kind));
    if (rule?.deleteAfterMs === undefined || time + rule.deleteAfterMs > now || redacted.has(digest)) continue;
    due[held.has(digest) ? 'held' : 'payloads'].push(digest);
    if (held.has(digest)) continue;
    if (!byBasis.has(rule.basis)) byBasis.set(rule.basis, []);
    byBasis.get(rule.basis)!.push(digest);
  }
  const segments: SealedSegment[] = [];
  for (const { of, name, deleteAfterMs } of rules.values()) {
    if (of !== 'segment' || deleteAfterMs === undefined) continue;
    const before = now - deleteAfterMs;
    const old = (ledger.state(segmentProjection).get(name) ?? []).filter(({ to }) => to < before);
    due.held.push(...old.filter(({ digest }) => held.has(digest)).map(({ digest }) => digest));
    segments.push(...old.filter(({ digest }) => !held.has(digest)));
    if (!dryRun) await expireSegments(ledger, blobs, { stream: name, before, signal });
  }
  if (!dryRun) {
    for (const [legalBasis, digests] of byBasis)
      for (let at = 0; at < digests.length; at += REFS_PER_EVENT) {
        const refs = digests.slice(at, at + REFS_PER_EVENT).map((commitment) => ({ commitment }));
        await redact(ledger, blobs, refs, { legalBasis, actor, signal });
      }
  }
  return { dryRun, ...due, segments };
}

/** Digests that surely fit into one event of 65,535 bytes. */
const REFS_PER_EVENT = 500;
