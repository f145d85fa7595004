import { MillwrightError } from '../foundation/errors.js';
import type { Random } from '../foundation/random.js';
import { MAX_COMMIT_BYTES } from '../storage/memory-log.js';
import type { LogStore } from '../storage/types.js';
import { sealCommit } from './chain.js';
import { type CommitRequest, makePlan, type Plan, type PlanOptions } from './commit-plan.js';
import { foldOf } from './fold.js';
import { backOff, land } from './land.js';
import { checkFeatures } from './protocol.js';
import type { LedgerEvent } from './types.js';

export interface CommitLoopOptions extends PlanOptions {
  readonly log: LogStore;
  readonly random: Random;
  readonly maxAttempts: number;
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
