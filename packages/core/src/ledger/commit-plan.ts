import type { Clock } from '../foundation/clock.js';
import type { Digest } from '../foundation/digest.js';
import type { CommitId, LedgerId } from '../foundation/ids.js';
import { eventsOf } from './chain.js';
import type { ChainReader } from './chain-reader.js';
import { encodeEvent, encodeInfo, MAX_COMMIT_EVENTS, type Section, tooLarge } from './commit-codec.js';
import type { Fold } from './fold.js';
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

/** What the next append holds, and what became of the commands that are not in it. */
export interface Plan {
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

/** What a plan is made with. */
export interface PlanOptions {
  readonly reader: ChainReader;
  readonly clock: Clock;
  readonly actorAssurance: ActorAssurance;
  /** The id that the first commit gives to a new ledger. */
  readonly newLedgerId: LedgerId;
}

/** Runs the waiting commands in order: all that fit when there is a tip to decide ahead on, else up to the first that writes. */
export function makePlan(
  { reader, clock, actorAssurance, newLedgerId }: PlanOptions,
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
