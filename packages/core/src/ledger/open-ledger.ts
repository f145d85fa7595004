import { type Abortable, abortable, closable } from '../foundation/abort.js';
import { type Clock, systemClock } from '../foundation/clock.js';
import { type Digest, toDigest } from '../foundation/digest.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { eventHub } from '../foundation/event-hub.js';
import { type CommitId, idSource, type LedgerId } from '../foundation/ids.js';
import { type Random, systemRandom } from '../foundation/random.js';
import type { BlobStore, HintSlot, LogStore } from '../storage/types.js';
import { type ChainReader, chainReader } from './chain-reader.js';
import { type LoadedCheckpoint, loadCheckpoint, writeCheckpoint } from './checkpoint.js';
import { commitLoop } from './commit-loop.js';
import type { CommitRequest } from './commit-plan.js';
import { foldOf } from './fold.js';
import { IDEMPOTENCY_WINDOW } from './idempotency.js';
import { checkPin, type HeadPin, pinKeeper } from './pin.js';
import { checkFeatures, featuresOf, LEDGER_CREATED } from './protocol.js';
import type {
  ActorAssurance,
  CommitOptions,
  Committed,
  Decide,
  Ledger,
  LedgerEvent,
  LedgerHead,
  LedgerHubEvents,
  Projection,
} from './types.js';
import { verifyLog } from './verify-log.js';

/** Where a ledger lives, who writes, and what is folded while it is read. */
export interface LedgerOptions extends Abortable {
  /** Where commits go. */
  readonly log: LogStore;
  /** Where checkpoints go. */
  readonly blobs?: BlobStore | undefined;
  /** Where the newest checkpoint is noted. With it, and `blobs`, opening reads only what came after that. */
  readonly hint?: HintSlot | undefined;
  /** What this client has seen before, kept outside the storage; the ledger must still contain it. */
  readonly pin?: HeadPin | undefined;
  /** Names of ledger features that the application implements itself; `event:x.happened` for a critical event that it knows. */
  readonly features?: readonly string[] | undefined;
  /** Folded while the log is read; more can be added with `use`. */
  readonly projections?: readonly Projection<unknown>[] | undefined;
  /** Who commits, unless a commit says otherwise: a pseudonymous id, because leaves are for ever. */
  readonly actor: string;
  /** Default `asserted`. */
  readonly actorAssurance?: ActorAssurance | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** How often a commit is tried before `ledger/contended` or `ledger/commit-unknown`. Default 100. */
  readonly maxAttempts?: number | undefined;
}

/**
 * Opens the ledger of a log: checks and folds all of it, or what came after the newest checkpoint. An empty log becomes a
 * new ledger with the event `ledger.created`. The log stays the caller's to close.
 *
 * @throws `ledger/corrupt` naming the place, `ledger/forked`, `ledger/unsupported`, and what the log throws
 * @example
 * const ledger = await openLedger({ log: memoryLog(), actor: 'maria', projections: [counters] });
 * await ledger.commit(() => ({ events: [{ type: 'counter.raised', data: { by: 2 } }], result: undefined }));
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { log, clock = systemClock, random = systemRandom, maxAttempts = 100 } = options;
  const defaultActor = parseActor(options.actor);
  const nextId = idSource(clock, random);
  const hub = eventHub<LedgerHubEvents>();
  const features = new Set(options.features);
  for (const projection of options.projections ?? []) for (const each of featuresOf(projection)) features.add(each);
  const reader = chainReader(log, hub, features);
  const pins = options.pin === undefined ? undefined : pinKeeper(options.pin);
  let checkpointSize = 0;
  let resumed: LoadedCheckpoint | undefined;
  const exclusive = mutex();
  const loop = commitLoop({
    log,
    reader,
    clock,
    random,
    maxAttempts,
    actorAssurance: options.actorAssurance ?? 'asserted',
    newLedgerId: nextId<LedgerId>(),
    exclusive,
  });
  /** Results of keyed commits of this process, so that a replay here needs no `onReplay`. */
  const results = new Map<string, unknown>();
  let closed = false;

  const commit = <R>(decide: Decide<R>, o: CommitOptions<R> = {}): Promise<Committed<R>> => {
    if (closed) return Promise.reject(closedError());
    if (o.signal?.aborted === true) return Promise.reject(o.signal.reason);
    return new Promise((resolve, reject) => {
      let decided: { readonly result: R } | undefined;
      const { idempotencyKey, signal } = o;
      const onAbort = () => loop.abandon(request, signal?.reason);
      const settled = () => signal?.removeEventListener('abort', onAbort);
      const request: CommitRequest = {
        commitId: nextId<CommitId>(),
        actor: o.actor === undefined ? defaultActor : parseActor(o.actor),
        idempotencyKey: idempotencyKey === undefined ? undefined : parseKey(idempotencyKey),
        blobs: o.blobs ?? [],
        decide(view) {
          const { result, ...decision } = decide(view);
          decided = { result };
          return decision;
        },
        committed(outcome) {
          settled();
          pins?.note(reader.position);
          const { result } = decided!;
          if (idempotencyKey !== undefined && outcome.events.length > 0) remember(results, idempotencyKey, result);
          resolve({ ...outcome, result, replayed: false });
        },
        replayed(outcome) {
          settled();
          try {
            resolve({ ...outcome, result: replayedResult(results, o, outcome), replayed: true });
          } catch (error) {
            reject(error);
          }
        },
        failed(error) {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      loop.submit(request);
    });
  };

  const refresh = async (o?: Abortable): Promise<LedgerHead> => {
    if (closed) throw closedError();
    await exclusive(() => reader.catchUp(o));
    pins?.note(reader.position);
    await pins?.saved();
    return headOf(reader.position);
  };

  const checkpoint = async (o?: Abortable): Promise<Digest> => {
    if (options.blobs === undefined) throw invalidInput('blobs', 'a blob store, to keep the checkpoint in', undefined);
    const { size } = reader.position;
    const digest = await writeCheckpoint(options.blobs, log, reader, o);
    checkpointSize = size;
    await options.hint?.set(digest, o);
    return digest;
  };

  const ledger: Ledger = {
    get id() {
      return reader.position.ledgerId!;
    },
    get head() {
      return headOf(reader.position);
    },
    events: hub,
    commit,
    use: (projection, o) =>
      exclusive(async () => {
        if (reader.settled.has(projection.id)) return;
        const fold = foldOf((fault) => hub.emit('projectionFailed', fault));
        const stored = await resumed?.load(projection, o);
        if (stored !== undefined) fold.adopt([stored]);
        fold.add(projection);
        const from = stored === undefined ? 0 : resumed!.point.position.size;
        for await (const event of reader.read(from, o)) fold.apply([event]);
        reader.settled.adopt(fold.slots.values());
        for (const feature of featuresOf(projection)) features.add(feature);
        reader.tip = undefined;
      }),
    state: (projection) => reader.settled.state(projection),
    faults: (projection) => reader.settled.faults(projection.id),
    refresh,
    read: (o) => reader.read(parseIndex(o?.from ?? 0), o),
    verify: (o) => verifyLog(log, { ...o, known: reader.tree, atLeast: reader.position }),
    async prove(index, { size, ...o } = {}) {
      await reader.loadHistory(o);
      const { tree } = reader;
      const path = tree.inclusionPath(index, size);
      return {
        index,
        size: size ?? tree.size,
        root: reader.rootAt(size ?? tree.size),
        leafHash: toDigest(tree.leaf(index)),
        path: path.map((hash): Digest => toDigest(hash)),
      };
    },
    leaf: (index, o) => reader.leaf(parseIndex(index), o),
    async proveConsistency(size, { to, ...o } = {}) {
      await reader.loadHistory(o);
      const { tree } = reader;
      const path = tree.consistencyPath(size, to).map((hash): Digest => toDigest(hash));
      const head = (n: number) => ({ size: n, root: reader.rootAt(n) });
      return { first: head(size), second: head(to ?? tree.size), path };
    },
    checkpoint,
    ...closable(async () => {
      closed = true;
      await loop.drained();
      const worthIt = reader.position.size - checkpointSize >= CHECKPOINT_AFTER_LEAVES;
      if (worthIt && options.hint !== undefined && canCheckpoint(reader)) await checkpoint();
      await pins?.saved();
    }),
  };

  const projections = options.projections ?? [];
  resumed = await resumeFromHint(reader, projections, options);
  checkpointSize = reader.position.size;
  for (const projection of projections) reader.settled.add(projection);
  await abortable(
    exclusive(() => reader.catchUp(options)),
    options.signal,
  );
  if (reader.position.seq === 0) {
    await commit<undefined>(
      () => ({ events: reader.position.seq === 0 ? [LEDGER_CREATED] : [], result: undefined }),
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }
  const pinned = await options.pin?.load();
  if (pinned !== undefined) await checkPin(reader, pinned);
  pins?.note(reader.position);
  return ledger;
}

/** Closing writes a checkpoint when at least this much would have to be read again: some milliseconds of folding. */
const CHECKPOINT_AFTER_LEAVES = 1_024;

function canCheckpoint({ settled }: ChainReader): boolean {
  return settled.projections.length > 0 && settled.projections.every(({ snapshot }) => snapshot !== undefined);
}

/** Goes on from the checkpoint that the hint names, if it can be used. */
async function resumeFromHint(
  reader: ChainReader,
  projections: readonly Projection<unknown>[],
  { log, blobs, hint, signal }: LedgerOptions,
): Promise<LoadedCheckpoint | undefined> {
  if (blobs === undefined || hint === undefined) return undefined;
  const digest = await hint.get({ signal }).catch(() => undefined);
  const loaded = digest === undefined ? undefined : await loadCheckpoint(digest, { blobs, log, projections, signal });
  if (loaded === undefined) return undefined;
  checkFeatures(loaded.point.protocol.readerFeatures, reader.knownFeatures, 'read');
  reader.resume(loaded.point);
  reader.settled.adopt(loaded.slots);
  return loaded;
}

/** One task at a time, in order of arrival. */
function mutex(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task, task);
    last = turn.catch(() => undefined);
    return turn;
  };
}

function headOf({ seq, size, root, time }: LedgerHead): LedgerHead {
  return { seq, size, root, time };
}

function remember(results: Map<string, unknown>, key: string, result: unknown): void {
  results.set(key, result);
  if (results.size > IDEMPOTENCY_WINDOW) results.delete(results.keys().next().value!);
}

function replayedResult<R>(
  results: ReadonlyMap<string, unknown>,
  { idempotencyKey = '', onReplay }: CommitOptions<R>,
  outcome: { readonly seq: number; readonly events: readonly LedgerEvent[] },
): R {
  if (results.has(idempotencyKey)) return results.get(idempotencyKey) as R;
  if (onReplay !== undefined) return onReplay(outcome.events);
  throw new MillwrightError(
    'ledger/replayed',
    `The idempotency key \`${idempotencyKey}\` was used in commit ${outcome.seq}, before this ledger was opened. Pass onReplay to rebuild the result from its events.`,
    { details: { idempotencyKey, seq: outcome.seq } },
  );
}

function parseActor(actor: string): string {
  return parseText('actor', actor, 256);
}

function parseKey(key: string): string {
  return parseText('idempotencyKey', key, 512);
}

function parseText(name: string, value: string, maxLength: number): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= maxLength && value.isWellFormed()) return value;
  throw invalidInput(name, `a text of 1 to ${maxLength} characters`, value);
}

function parseIndex(from: number): number {
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw invalidInput('from', 'a leaf index from 0', from);
}

function closedError(): MillwrightError<'state/closed'> {
  return new MillwrightError('state/closed', 'The ledger was closed. Open it again with openLedger.', {
    details: { what: 'ledger' },
  });
}
