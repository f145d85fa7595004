import type { Json } from '../foundation/canonical-json.js';
import type { Digest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { LedgerEvent, NewEvent, Projection } from '../ledger/types.js';

/**
 * Blobs on their way out. `condemned`: nothing mentions them; an event that does spares them. `sweeping`: a collector is
 * deleting them. `swept`: they are gone; who wants them puts them again and says so with `restoreBlobs`.
 */
export type GarbagePhase = 'condemned' | 'sweeping' | 'swept';

/** What the ledger says about blobs that nobody wants. */
export interface Garbage {
  readonly blobs: ReadonlyMap<Digest, GarbageEntry>;
  /** Blobs that an event named after they were swept, by a writer that broke the rules, with the event's index. */
  readonly dangling: ReadonlyMap<Digest, number>;
  /** Writers without the guard are shut out. */
  readonly guarded: boolean;
  /** Index of the last event that may want blobs; -1 before any. */
  readonly lastMention: number;
}

export interface GarbageEntry {
  readonly phase: GarbagePhase;
  /** When the phase began, by the ledger's time. */
  readonly time: number;
  readonly graceMs: number;
}

interface MutableGarbage {
  readonly blobs: Map<Digest, GarbageEntry>;
  readonly dangling: Map<Digest, number>;
  guarded: boolean;
  lastMention: number;
}

/** Every writer of a ledger must know this before the first blob is condemned. */
export const GARBAGE_FEATURE = 'millwright.garbage';

/**
 * Which blobs are condemned, being swept, or gone. In use, it refuses commands that name a blob that is gone or going
 * (`ledger/swept`), so that no event ever points to bytes that a collector deletes.
 */
export const garbageProjection: Projection<Garbage> = {
  id: 'millwright.garbage@1',
  features: [GARBAGE_FEATURE],
  init: (): MutableGarbage => ({ blobs: new Map(), dangling: new Map(), guarded: false, lastMention: -1 }),
  apply(state, event) {
    const garbage = state as MutableGarbage;
    const step = STEPS.get(event.type);
    if (step !== undefined) step(garbage, event);
    else if (!RELEASES.has(event.type)) {
      garbage.lastMention = event.index;
      if (garbage.blobs.size > 0) mention(garbage, event);
    }
    return garbage;
  },
  guard(garbage, { events, blobs, time }) {
    if (garbage.blobs.size === 0) return;
    const needed = new Set(blobs);
    for (const { type, data } of events)
      if (!STEPS.has(type) && !RELEASES.has(type)) for (const digest of digestsIn(data)) needed.add(digest);
    const gone = [...needed].filter((digest) => isGone(garbage.blobs.get(digest), time));
    if (gone.length > 0) throw goneError(gone);
  },
  fork: ({ blobs, dangling, ...rest }): MutableGarbage => ({
    ...rest,
    blobs: new Map(blobs),
    dangling: new Map(dangling),
  }),
  snapshot: {
    encode: ({ blobs, dangling, ...rest }) => ({
      ...rest,
      blobs: Array.from(blobs, ([digest, entry]): Json => [digest, { ...entry }]),
      dangling: [...dangling],
    }),
    decode(json): MutableGarbage {
      const { blobs, dangling, ...rest } = json as Omit<Garbage, 'blobs' | 'dangling'> & {
        readonly blobs: readonly [Digest, GarbageEntry][];
        readonly dangling: readonly [Digest, number][];
      };
      return { ...rest, blobs: new Map(blobs), dangling: new Map(dangling) };
    },
  },
};

/** Says that these blobs are wanted no longer, such as the files of a retired version; later mentions want them again. */
export function blobsReleased(digests: readonly Digest[], reason: string): NewEvent {
  return { type: 'blobs.released', data: { digests, reason } };
}

/** Every digest that a value mentions, in whatever place: what might be a reference is one. */
export function digestsIn(value: Json): Digest[] {
  const found: Digest[] = [];
  visit(value, (text) => {
    if (text.includes('sha256:')) for (const [digest] of text.matchAll(DIGEST)) found.push(digest as Digest);
  });
  return found;
}

const DIGEST = /sha256:[0-9a-f]{64}/g;

/** Events that name digests without wanting them. */
export const RELEASES: ReadonlySet<string> = new Set(['blobs.released', 'redaction.applied', 'segment.expired']);

const STEPS: ReadonlyMap<string, (garbage: MutableGarbage, event: LedgerEvent) => void> = new Map([
  ['ledger.featuresRequired', required],
  ['blobs.condemned', condemned],
  ['blobs.sweeping', sweeping],
  ['blobs.swept', swept],
  ['blobs.restored', restored],
]);

function required(garbage: MutableGarbage, { data }: LedgerEvent): void {
  const features = data['writerFeatures'];
  if (Array.isArray(features) && features.includes(GARBAGE_FEATURE)) garbage.guarded = true;
}

function condemned(garbage: MutableGarbage, { data, time }: LedgerEvent): void {
  const graceMs = Number(data['graceMs']);
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) return;
  for (const [digest, entry] of garbage.blobs)
    if (entry.phase === 'swept' && !isGone(entry, time)) garbage.blobs.delete(digest);
  // A collector that looked before another one swept condemns what is gone: gone it stays, or an event could name it.
  for (const digest of digestsIn(data))
    if (!isGone(garbage.blobs.get(digest), time)) garbage.blobs.set(digest, { phase: 'condemned', time, graceMs });
}

/** Begins a sweep, or takes one over from a collector that has been at it for as long as the grace. */
function sweeping(garbage: MutableGarbage, { data, time }: LedgerEvent): void {
  for (const digest of digestsIn(data)) {
    const entry = garbage.blobs.get(digest);
    if (entry === undefined || entry.phase === 'swept' || !isDue(entry, time)) continue;
    garbage.blobs.set(digest, { ...entry, phase: 'sweeping', time });
  }
}

function swept(garbage: MutableGarbage, { data, time }: LedgerEvent): void {
  for (const digest of digestsIn(data)) {
    const entry = garbage.blobs.get(digest);
    if (entry?.phase === 'sweeping') garbage.blobs.set(digest, { ...entry, phase: 'swept', time });
  }
}

function restored(garbage: MutableGarbage, { data }: LedgerEvent): void {
  for (const digest of digestsIn(data)) {
    if (garbage.blobs.get(digest)?.phase === 'sweeping') continue;
    garbage.blobs.delete(digest);
    garbage.dangling.delete(digest);
  }
}

function mention(garbage: MutableGarbage, { data, index, time }: LedgerEvent): void {
  for (const digest of digestsIn(data)) {
    const entry = garbage.blobs.get(digest);
    if (entry?.phase === 'condemned') garbage.blobs.delete(digest);
    else if (isGone(entry, time)) garbage.dangling.set(digest, index);
  }
}

/** True when the phase is as old as the grace. */
export function isDue(entry: GarbageEntry, time: number): boolean {
  return time - entry.time >= entry.graceMs;
}

/** A blob that was swept longer ago than the grace has been put again by whoever names it now. */
function isGone(entry: GarbageEntry | undefined, time: number): boolean {
  return entry?.phase === 'sweeping' || (entry?.phase === 'swept' && !isDue(entry, time));
}

function visit(value: Json, onText: (text: string) => void): void {
  if (typeof value === 'string') onText(value);
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) visit(member as Json, onText);
}

function goneError(digests: readonly Digest[]): MillwrightError<'ledger/swept'> {
  return new MillwrightError(
    'ledger/swept',
    `The command names blobs that were collected as garbage: ${digests.join(', ')}. Put them again, call restoreBlobs, then repeat the command; keepingBlobs does all three.`,
    { details: { digests } },
  );
}
