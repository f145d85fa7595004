import type { Abortable } from '../foundation/abort.js';
import type { JsonObject } from '../foundation/canonical-json.js';
import type { Digest } from '../foundation/digest.js';
import type { EventSource } from '../foundation/event-hub.js';
import type { CommitId, LedgerId } from '../foundation/ids.js';

/** What a command wants to write. `type` is noun.past-verb: `version.registered`, `alias.moved`. */
export interface NewEvent {
  readonly type: string;
  readonly data: JsonObject;
}

/** An event as it stands in the ledger. */
export interface LedgerEvent extends NewEvent {
  /** Position of the event's leaf in the Merkle tree, from 0. */
  readonly index: number;
  /** The commit it belongs to. */
  readonly seq: number;
  readonly commitId: CommitId;
  /** In-commit time, milliseconds since 1970; strictly greater than the previous commit's. */
  readonly time: number;
  readonly actor: string;
}

/**
 * State as a fold of the ledger. Pure, total and deterministic: `apply` may change and return the state it is given
 * (the ledger owns it) but reads no clock, no random source and nothing outside; events it does not know it ignores,
 * and an event that makes no sense is a no-op, never an exception.
 */
export interface Projection<S> {
  /** `name@version`: another fold of the same events is another id. */
  readonly id: string;
  init(): S;
  apply(state: S, event: LedgerEvent): S;
}

/** What a command may look at while it decides. */
export interface LedgerView {
  /** The state of a projection in use, folded up to the head that the commit will follow. */
  state<S>(projection: Projection<S>): S;
  /** The time that the commit will carry. */
  readonly time: number;
  readonly actor: string;
}

/** A command: from state to events. It may run several times, so it must have no effects. Throwing refuses the command. */
export type Decide<R> = (view: LedgerView) => { readonly events: readonly NewEvent[]; readonly result: R };

export interface CommitOptions extends Abortable {
  readonly actor?: string | undefined;
  /** The same key within the window returns the first outcome instead of committing again. */
  readonly idempotencyKey?: string | undefined;
}

export interface Committed<R> {
  readonly seq: number;
  readonly commitId: CommitId;
  readonly time: number;
  /** Empty when the command decided to write nothing. */
  readonly events: readonly LedgerEvent[];
  readonly result: R;
}

export interface LedgerHead {
  readonly seq: number;
  /** Leaves in the tree. */
  readonly size: number;
  /** RFC 6962 root over all leaves. */
  readonly root: Digest;
  readonly time: number;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly head: LedgerHead;
  readonly commits: number;
  readonly events: number;
  /** The first place that is wrong. */
  readonly firstBad?:
    | { readonly seq: number; readonly index?: number | undefined; readonly reason: string }
    | undefined;
}

/** The append-only history that everything else is a fold of. */
export interface Ledger extends AsyncDisposable {
  readonly id: LedgerId;
  readonly head: LedgerHead;
  /** Every event of every commit, as soon as it is folded here, own or foreign. */
  readonly events: EventSource<{ committed: LedgerEvent }>;
  /**
   * Runs the command against the newest state and appends what it decided. After a conflict the others' commits are
   * folded and the command runs again, so it fails only when its own precondition fails.
   * @throws `ledger/commit-unknown`, `ledger/contended`, `ledger/too-large`, and whatever `decide` throws
   */
  commit<R>(decide: Decide<R>, options?: CommitOptions): Promise<Committed<R>>;
  /** Adds a projection and folds it from the beginning. Doing it twice is harmless. */
  use(projection: Projection<unknown>, options?: Abortable): Promise<void>;
  /** The state of a projection in use, at the head folded so far. Treat it as read-only. @throws `state/not-found` */
  state<S>(projection: Projection<S>): S;
  /** Folds what others have written since. */
  refresh(options?: Abortable): Promise<LedgerHead>;
  /** All events from leaf `from` in order. */
  read(options?: { readonly from?: number | undefined } & Abortable): AsyncIterable<LedgerEvent>;
  /** Re-reads every byte, recomputes every hash, and names the first bad entry. */
  verify(options?: Abortable): Promise<VerifyReport>;
  /** Proof that an event is in the tree, checkable offline with `verifyInclusion`. */
  prove(index: number, options?: Abortable): Promise<InclusionProof>;
}

export interface InclusionProof {
  readonly index: number;
  readonly size: number;
  readonly root: Digest;
  readonly leafHash: Digest;
  readonly path: readonly Digest[];
}
