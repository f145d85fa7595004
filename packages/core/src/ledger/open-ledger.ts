import { type Abortable, abortable, closable } from '../foundation/abort.js';
import { type Clock, systemClock } from '../foundation/clock.js';
import { type Digest, toDigest } from '../foundation/digest.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { eventHub } from '../foundation/event-hub.js';
import { type CommitId, idSource, type LedgerId } from '../foundation/ids.js';
import { type Random, systemRandom } from '../foundation/random.js';
import type { BlobStore, LogStore } from '../storage/types.js';
import { chainReader } from './chain-reader.js';
import { type CommitRequest, commitLoop } from './commit-loop.js';
import { foldOf } from './fold.js';
import { IDEMPOTENCY_WINDOW } from './idempotency.js';
import type {
  ActorAssurance,
  CommitOptions,
  Committed,
  Decide,
  Ledger,
  LedgerEvent,
  LedgerHead,
  LedgerHubEvents,
  NewEvent,
  Projection,
} from './types.js';
import { verifyLog } from './verify-log.js';

export interface LedgerOptions extends Abortable {
  readonly log: LogStore;
  readonly blobs?: BlobStore | undefined;
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
 * Opens the ledger of a log: checks and folds all of it. An empty log becomes a new ledger with the event
 * `ledger.created`. The log stays the caller's to close.
 *
 * @throws `ledger/corrupt` naming the place, and what the log throws
 * @example
 * const ledger = await openLedger({ log: memoryLog(), actor: 'maria', projections: [counters] });
 * await ledger.commit(() => ({ events: [{ type: 'counter.raised', data: { by: 2 } }], result: undefined }));
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { log, clock = systemClock, random = systemRandom, maxAttempts = 100 } = options;
  const defaultActor = parseActor(options.actor);
  const nextId = idSource(clock, random);
  const hub = eventHub<LedgerHubEvents>();
  const reader = chainReader(log, hub);
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
        decide(view) {
          const { events, result } = decide(view);
          decided = { result };
          return events;
        },
        committed(outcome) {
          settled();
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
    return headOf(reader.position);
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
        fold.add(projection);
        for await (const event of reader.read(0, o)) fold.apply([event]);
        reader.settled.adopt(fold);
        reader.tip = undefined;
      }),
    state: (projection) => reader.settled.state(projection),
    faults: (projection) => reader.settled.faults(projection.id),
    refresh,
    read: (o) => reader.read(parseIndex(o?.from ?? 0), o),
    verify: (o) => verifyLog(log, { ...o, known: reader.tree, atLeast: reader.position.seq }),
    async prove(index) {
      const { tree } = reader;
      const path = tree.inclusionPath(index);
      return {
        index,
        size: tree.size,
        root: toDigest(tree.root()),
        leafHash: toDigest(tree.leaf(index)),
        path: path.map((hash): Digest => toDigest(hash)),
      };
    },
    ...closable(async () => {
      closed = true;
      await loop.drained();
    }),
  };

  for (const projection of options.projections ?? []) reader.settled.add(projection);
  await abortable(
    exclusive(() => reader.catchUp(options)),
    options.signal,
  );
  if (reader.position.seq === 0) {
    await commit<undefined>(
      () => ({ events: reader.position.seq === 0 ? [CREATED] : [], result: undefined }),
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }
  return ledger;
}

/** The first event of every ledger. */
const CREATED: NewEvent = {
  type: 'ledger.created',
  data: { format: 'millwright.ledger/1', readerFeatures: [], writerFeatures: [] },
};

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
