import { type Clock, systemClock } from '../foundation/clock.js';
import type { Digest } from '../foundation/digest.js';
import { invalidInput } from '../foundation/errors.js';
import { featuresRequired } from '../ledger/protocol.js';
import type { Ledger, NewEvent } from '../ledger/types.js';
import type { BlobStat, BlobStore } from '../storage/types.js';
import { type MarkOptions, marker } from './mark.js';
import { GARBAGE_FEATURE, type Garbage, garbageProjection, isDue } from './projection.js';

/** What is deleted, and how long it has been unwanted by then. */
export interface CollectOptions extends MarkOptions {
  /** Only report. Default true. */
  readonly dryRun?: boolean | undefined;
  /**
   * How long a blob must have been unwanted before it goes, and how soon an upload must be followed by its commit.
   * Collectors' clocks may differ by up to half of it. Default 24 hours.
   */
  readonly graceMs?: number | undefined;
  /** Who collects. Default: the ledger's actor. */
  readonly actor?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** What a collection found, condemned and deleted. */
export interface GarbageReport {
  readonly dryRun: boolean;
  /** Digests that are wanted, whether or not their blob is here. */
  readonly wanted: number;
  /** Condemned now, to be swept by a run after the grace. */
  readonly condemned: readonly BlobStat[];
  /** Deleted now. */
  readonly swept: readonly Digest[];
  /** Condemned earlier, their grace not over. */
  readonly waiting: number;
}

/**
 * Deletes blobs that nothing in the ledger wants, by way of the ledger: a run condemns them, a run after the grace sweeps
 * those that are still unwanted. An event that wants a condemned blob spares it; commands that want a blob that is gone
 * are refused (`ledger/swept`), and the blob can be put again. What is wanted, `marker` says.
 * @throws `input/invalid`
 * @example
 * const { condemned } = await collectGarbage(ledger, blobs);          // a dry run
 * await collectGarbage(ledger, blobs, { dryRun: false });              // condemns, and sweeps what was condemned a day ago
 */
export async function collectGarbage(
  ledger: Ledger,
  blobs: BlobStore,
  options: CollectOptions = {},
): Promise<GarbageReport> {
  const { dryRun = true, graceMs = DAY_MS, clock = systemClock, actor, signal } = options;
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) throw invalidInput('graceMs', 'whole milliseconds', graceMs);
  await ledger.use(garbageProjection, { signal });
  await ledger.refresh({ signal });
  const marks = marker(ledger, blobs, options);
  const now = clock.now();
  const first = ledger.state(garbageProjection);
  const wanted = await marks.wanted();

  const unwanted: BlobStat[] = [];
  for await (const stat of blobs.list({ signal })) {
    const phase = first.blobs.get(stat.digest)?.phase;
    if (wanted.has(stat.digest) || phase === 'condemned' || phase === 'sweeping') continue;
    if (now - (stat.storedAt ?? Number.NEGATIVE_INFINITY) >= graceMs) unwanted.push(stat);
  }
  const before = sort(first, wanted, now);
  const report = { dryRun, wanted: wanted.size, condemned: unwanted, waiting: before.waiting.length };
  if (dryRun) return { ...report, swept: [...before.stalled, ...before.ripe] };

  const write = <R>(decide: (garbage: Garbage, time: number) => { events: NewEvent[]; result: R }) =>
    ledger.commit((view) => decide(view.state(garbageProjection), view.time), { actor, signal });

  /** Takes the next blobs out of everybody's reach, or nothing when there are no more. */
  const seize = async (): Promise<{ readonly digests: readonly Digest[]; readonly time: number } | undefined> => {
    for (;;) {
      const { lastMention } = ledger.state(garbageProjection);
      const kept = await marks.wanted();
      const { result, time } = await write((garbage, at) => {
        // Somebody may want by now what this run has not looked at: look again.
        if (garbage.lastMention !== lastMention) return { events: [], result: undefined };
        const { stalled, ripe, spared } = sort(garbage, kept, at);
        const [mine, back] = [[...stalled, ...ripe].slice(0, BATCH), spared.slice(0, BATCH)];
        const events: NewEvent[] = [];
        if (back.length > 0) events.push(named('blobs.restored', back));
        if (mine.length > 0) events.push(named('blobs.sweeping', mine));
        return { events, result: mine };
      });
      if (result !== undefined) return result.length === 0 ? undefined : { digests: result, time };
    }
  };

  const swept: Digest[] = [];
  for (let seized = await seize(); seized !== undefined; seized = await seize()) {
    // Who is slower than this must assume that another collector has taken over, and that the blob is wanted again.
    const deadline = seized.time + graceMs / 2;
    const deleted: Digest[] = [];
    for (const digest of seized.digests) {
      if (graceMs > 0 && clock.now() > deadline) break;
      await blobs.delete(digest, { signal });
      deleted.push(digest);
    }
    if (deleted.length > 0) await write(() => ({ events: [named('blobs.swept', deleted)], result: undefined }));
    swept.push(...deleted);
    if (deleted.length < seized.digests.length) break;
  }

  for (let at = 0; at < unwanted.length; at += BATCH)
    await write(({ guarded }) => {
      const event = named(
        'blobs.condemned',
        unwanted.slice(at, at + BATCH).map(({ digest }) => digest),
        { graceMs },
      );
      const guard = featuresRequired({ writerFeatures: [GARBAGE_FEATURE] });
      return { events: guarded ? [event] : [guard, event], result: undefined };
    });
  return { ...report, swept };
}

const DAY_MS = 86_400_000;
/** Digests per event: an entry holds 65,535 bytes. */
const BATCH = 800;

/** What becomes of the blobs that are condemned or being swept. */
function sort({ blobs }: Garbage, wanted: ReadonlySet<Digest>, now: number) {
  const lists = {
    /** Left by a collector that died: a living one stops at half of this time. */
    stalled: [] as Digest[],
    ripe: [] as Digest[],
    /** Wanted by something that is older than the sentence. */
    spared: [] as Digest[],
    waiting: [] as Digest[],
  };
  for (const [digest, entry] of blobs) {
    if (entry.phase === 'swept') continue;
    if (entry.phase === 'sweeping') {
      if (isDue(entry, now)) lists.stalled.push(digest);
    } else if (wanted.has(digest)) lists.spared.push(digest);
    else (isDue(entry, now) ? lists.ripe : lists.waiting).push(digest);
  }
  return lists;
}

function named(type: string, digests: readonly Digest[], more: { readonly graceMs?: number } = {}): NewEvent {
  return { type, data: { digests, ...more } };
}
