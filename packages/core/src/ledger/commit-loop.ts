import type { Clock } from '../foundation/clock.js';
import type { Digest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { CommitId, LedgerId } from '../foundation/ids.js';
import type { Random } from '../foundation/random.js';
import { MAX_COMMIT_BYTES } from '../storage/memory-log.js';
import type { LogStore } from '../storage/types.js';
import { eventsOf, sealCommit } from './chain.js';
import type { ChainReader } from './chain-reader.js';
import { encodeEvent, encodeInfo, MAX_COMMIT_EVENTS, type Section, tooLarge } from './commit-codec.js';
import { type Fold, foldOf } from './fold.js';
import { backOff, land } from './land.js';
import { checkFeatures, criticalFeatures } from './protocol.js';
import type { ActorAssurance, LedgerEvent, LedgerView, NewCommit, NewEvent } from './types.js';

/** A command that waits for its turn. `decide` may be called many times; one of the others ends it. */
export interface CommitRequest {
  readonly commitId: CommitId;
  readonly actor: string;
  readonly idempotencyKey: string | undefined;
  readonly blobs: readonly Digest[];
  decide(view: LedgerView): NewCommit;
  committed(outcome: CommitOutcome): void;
  /** The key was found: this is what it did the first time. */
  replayed(outcome: CommitOutcome): void;
  failed(error: unknown): void;
}

export interface CommitOutcome {
  readonly seq: number;
  readonly commitId: CommitId;
  readonly time: number;
  readonly events: readonly LedgerEvent[];
}

export interface CommitLoopOptions {
  readonly log: LogStore;
  readonly reader: ChainReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly actorAssurance: ActorAssurance;
  readonly maxAttempts: number;
  /** The id that the first commit gives to a new ledger. */
  readonly newLedgerId: LedgerId;
  /** Runs a task while nothing else reads or writes the ledger. */
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>;
}

/**
 * The commit loop: decide on the newest state, append, and on a lost race fold what others wrote and decide again.
 * Everything that waits when an append starts goes into it, each command decided on a state that already has the ones
 * before it.
 */
export interface CommitLoop {
  submit(request: CommitRequest): void;
  /** Takes a command back. When its append is under way, nobody can say any more whether it will be written. */
  abandon(request: CommitRequest, reason: unknown): void;
  /** Settles when nothing waits any more. */
  drained(): Promise<void>;
}

export function commitLoop(options: CommitLoopOptions): CommitLoop {
  const { log, reader, clock, random, maxAttempts, exclusive } = options;
  const maxBytes = Math.min(MAX_COMMIT_BYTES, log.capabilities.maxCommitBytes);
  const queue: CommitRequest[] = [];
  const inFlight = new Set<CommitRequest>();
  let pumping: Promise<void> | undefined;
  /** Deciding ahead was in vain `lostAhead` times in a row; it is tried again from commit `aheadAgainAt`. */
  let lostAhead = 0;
  let aheadAgainAt = 0;

  const pump = async () => {
    // One turn of the microtask queue, so that commands given in the same breath share an append.
    await undefined;
    while (queue.length > 0) await exclusive(log.turn === undefined ? round : turn);
    pumping = undefined;
  };

  /** A round while the other writers wait; what they wrote before is folded first, so that it need not lose. */
  const turn = async () => {
    try {
      await log.turn!(async () => {
        await reader.catchUp();
        await round();
      });
    } catch (error) {
      giveUp(undefined, error);
    }
  };

  const leave = (requests: Iterable<CommitRequest>) => {
    const gone = new Set(requests);
    let kept = 0;
    for (const request of queue) if (!gone.has(request)) queue[kept++] = request;
    queue.length = kept;
  };

  /** Decides and appends until the commands at the front of the queue have an outcome. */
  const round = async () => {
    let plan: Plan | undefined;
    let fresh = !log.capabilities.multiWriter;
    try {
      for (let attempt = 1; queue.length > 0; attempt++) {
        checkFeatures(reader.protocol.writerFeatures, reader.knownFeatures, 'write to');
        plan = makePlan(options, queue, maxBytes, (await ensureTip()) ? reader.tip : undefined);
        leave(plan.replays.map(([request]) => request));
        await settleReplays(plan.replays);
        if (plan.sections.length === 0) {
          // A refusal counts only when the state was the newest.
          if (!fresh) {
            fresh = true;
            if ((await reader.catchUp()) > 0) continue;
          }
          settleUnwritten(plan);
          return;
        }
        if (await landPlan(plan)) return;
        fresh = true;
        if (attempt >= maxAttempts) return giveUp(plan, contended(attempt));
        await backOff(attempt, { clock, random, maxAttempts });
      }
    } catch (error) {
      if (plan?.decidedAhead === true) reader.tip = undefined;
      giveUp(plan, error);
    } finally {
      inFlight.clear();
    }
  };

  /** True when the commands in the plan have their outcome; false when others were faster and it must be made again. */
  const landPlan = async (plan: Plan): Promise<boolean> => {
    const stored = sealCommit(reader.position, reader.tree, plan.leaves, plan.sections[0]!.info);
    for (const { request } of plan.writes) inFlight.add(request);
    const landing = await land(log, stored, { clock, random, maxAttempts });
    switch (landing.kind) {
      case 'landed': {
        const { events, position } = reader.accept(stored, plan.decidedAhead);
        if (plan.decidedAhead) lostAhead = 0;
        leave(plan.writes.map(({ request }) => request));
        let from = 0;
        for (const { request, count } of plan.writes) {
          const mine = events.slice(from, from + count);
          from += count;
          request.committed({ seq: position.seq, commitId: request.commitId, time: position.time, events: mine });
        }
        settleUnwritten(plan);
        return true;
      }
      case 'superseded':
        if (plan.decidedAhead) {
          reader.tip = undefined;
          lostAhead++;
        }
        inFlight.clear();
        await reader.catchUp();
        aheadAgainAt = reader.position.seq + Math.min(MAX_AHEAD_PAUSE, 2 ** lostAhead);
        return false;
      case 'refused':
        throw contended(maxAttempts);
      case 'unknown':
        if (plan.decidedAhead) reader.tip = undefined;
        leave(plan.writes.map(({ request }) => request));
        for (const { request } of plan.writes) request.failed(commitUnknown(request, stored.seq, landing.cause));
        return true;
      default:
        return landing satisfies never;
    }
  };

  /** Makes sure that there is a fold to decide ahead on, if several commands wait and it is worth its price. */
  const ensureTip = async (): Promise<boolean> => {
    if (queue.length < 2) return false;
    if (reader.tip !== undefined) return true;
    reader.tip = reader.settled.fork();
    if (reader.tip !== undefined) return true;
    const { seq, size } = reader.position;
    if (seq < aheadAgainAt || size > MAX_REFOLD_LEAVES) return false;
    const copy = foldOf();
    for (const projection of reader.settled.projections) copy.add(projection);
    for await (const event of reader.read(0)) copy.apply([event]);
    reader.tip = copy;
    return true;
  };

  const settleReplays = async (replays: Plan['replays']) => {
    for (const [request, { seq, commitId, time, firstIndex, count }] of replays) {
      const events: LedgerEvent[] = [];
      try {
        for await (const event of reader.read(firstIndex)) if (events.push(event) === count) break;
        request.replayed({ seq, commitId, time, events });
      } catch (error) {
        request.failed(error);
      }
    }
  };

  const settleUnwritten = (plan: Plan) => {
    leave(plan.unwritten.map(({ request }) => request));
    const { seq, time } = reader.position;
    for (const { request, refusal } of plan.unwritten) {
      if (refusal !== undefined) request.failed(refusal.error);
      else request.committed({ seq, commitId: request.commitId, time, events: [] });
    }
  };

  const giveUp = (plan: Plan | undefined, error: unknown) => {
    const requests =
      plan === undefined ? [...queue] : [...plan.writes, ...plan.unwritten].map(({ request }) => request);
    leave(requests);
    for (const request of requests) request.failed(error);
  };

  return {
    submit(request) {
      queue.push(request);
      pumping ??= pump();
    },
    abandon(request, reason) {
      const written = inFlight.has(request);
      leave([request]);
      request.failed(written ? commitUnknown(request, reader.position.seq + 1, reason) : reason);
    },
    async drained() {
      while (pumping !== undefined) await pumping;
    },
  };
}

/** After a lost race, commands are decided one by one for this many commits at most before grouping is tried again. */
const MAX_AHEAD_PAUSE = 64;
/** Up to this size a second fold is made by reading the log again (about 100 ms); beyond it only by `Projection.fork`. */
const MAX_REFOLD_LEAVES = 20_000;

interface Plan {
  readonly sections: Section[];
  readonly leaves: Uint8Array[];
  /** The commands behind the sections, with the number of their events. */
  readonly writes: { readonly request: CommitRequest; readonly count: number }[];
  /** Commands that refused, or decided to write nothing. */
  readonly unwritten: { readonly request: CommitRequest; readonly refusal?: { readonly error: unknown } }[];
  readonly replays: (readonly [CommitRequest, NonNullable<ReturnType<ChainReader['keys']['find']>>])[];
  /** The tip has folded the sections. */
  readonly decidedAhead: boolean;
}

/** Runs the waiting commands in order: all that fit when there is a tip to decide ahead on, else up to the first that writes. */
function makePlan(
  { reader, clock, actorAssurance, newLedgerId }: CommitLoopOptions,
  queue: readonly CommitRequest[],
  maxBytes: number,
  tip: Fold | undefined,
): Plan {
  const { seq, size, time: previousTime, ledgerId = newLedgerId } = reader.position;
  const time = Math.max(Math.floor(clock.now()), previousTime + 1);
  const plan: Plan = {
    sections: [],
    leaves: [],
    writes: [],
    unwritten: [],
    replays: [],
    decidedAhead: tip !== undefined,
  };
  const fold = tip ?? reader.settled;
  const keys = new Set<string>();
  let bytes = FRAME_BYTES;
  let events = 0;

  for (const request of queue) {
    const { commitId, actor, idempotencyKey } = request;
    if (idempotencyKey !== undefined) {
      // The second of two equal keys waits for the first to land, then finds it.
      if (keys.has(idempotencyKey)) continue;
      const outcome = reader.keys.find(idempotencyKey);
      if (outcome !== undefined) {
        plan.replays.push([request, outcome]);
        continue;
      }
    }
    let decision: NewCommit;
    let leaves: Uint8Array[];
    try {
      decision = request.decide({ state: (projection) => fold.state(projection), time, actor });
      const { events: written } = decision;
      leaves = written.map(encodeEvent);
      checkFeatures(criticalFeatures(written), reader.knownFeatures, 'write to');
      fold.guard({ events: written, blobs: request.blobs, time });
      if (written.length > MAX_COMMIT_EVENTS) throw tooLarge('commit', MAX_COMMIT_EVENTS, written.length, 'events');
    } catch (error) {
      plan.unwritten.push({ request, refusal: { error } });
      continue;
    }
    const { events: written, policy } = decision;
    const count = written.length;
    if (count === 0) {
      plan.unwritten.push({ request });
      continue;
    }
    const info = { v: 1, ledgerId, commitId, time, actor, actorAssurance, idempotencyKey, policy, count } as const;
    leaves.unshift(encodeInfo(info));
    const added = leaves.reduce((sum, leaf) => sum + leaf.byteLength + LEAF_OVERHEAD, 0);
    if (FRAME_BYTES + added > maxBytes) {
      plan.unwritten.push({ request, refusal: { error: tooLarge('commit', maxBytes, FRAME_BYTES + added, 'bytes') } });
      continue;
    }
    if (bytes + added > maxBytes || events + count > MAX_COMMIT_EVENTS) break;
    bytes += added;
    events += count;
    const section: Section = { info, events: written };
    if (idempotencyKey !== undefined) keys.add(idempotencyKey);
    // What is folded is what a reader will see: parsed from the leaf, not the caller's own object.
    tip?.apply(eventsOf(seq + 1, size + plan.leaves.length, [{ info, events: leaves.slice(1).map(parseLeaf) }]));
    plan.sections.push(section);
    plan.leaves.push(...leaves);
    plan.writes.push({ request, count });
    if (tip === undefined) break;
  }
  return plan;
}

/** The longest frame without its checks, and what a leaf adds: its line feed and its check. */
const FRAME_BYTES = 512;
const LEAF_OVERHEAD = 1 + 11;

const decoder = new TextDecoder();
const parseLeaf = (leaf: Uint8Array): NewEvent => JSON.parse(decoder.decode(leaf)) as NewEvent;

function contended(attempts: number): MillwrightError<'ledger/contended'> {
  return new MillwrightError(
    'ledger/contended',
    `Other writers, or the store, refused the commit ${attempts} times. Nothing was written; try again later.`,
    { details: { attempts } },
  );
}

function commitUnknown(request: CommitRequest, seq: number, cause: unknown): MillwrightError<'ledger/commit-unknown'> {
  const { commitId, idempotencyKey } = request;
  const advice =
    idempotencyKey === undefined
      ? 'Give commits an idempotencyKey to be able to repeat them safely.'
      : 'Repeat the command with the same idempotencyKey: it is written once.';
  return new MillwrightError(
    'ledger/commit-unknown',
    `The store did not say whether commit ${commitId} was written at ${seq}. ${advice}`,
    { details: { commitId, seq }, cause },
  );
}
