import type { Abortable, Closable } from '../foundation/abort.js';
import type { Json, JsonObject } from '../foundation/canonical-json.js';
import type { Digest } from '../foundation/digest.js';
import type { EventSource } from '../foundation/event-hub.js';
import type { CommitId, LedgerId } from '../foundation/ids.js';

/** How sure the ledger is of the actor: said by the writer, signed by the actor, or established by a server. */
export type ActorAssurance = 'asserted' | 'signed' | 'server';

/** What a command wants to write. `type` is noun.past-verb: `version.registered`, `alias.moved`. */
export interface NewEvent {
  readonly type: string;
  readonly data: JsonObject;
  /** Version of what `data` holds. Default 1; projections bring older versions up to date with `upcasters`. */
  readonly version?: number | undefined;
  /** Whoever does not know the type must not read on: it would take a wrong state for the right one. Default: skipped. */
  readonly critical?: true | undefined;
}

/** An event as it stands in the ledger. */
export interface LedgerEvent extends NewEvent {
  /** Position of the event's leaf in the Merkle tree, from 0. */
  readonly index: number;
  /** The commit it belongs to. */
  readonly seq: number;
  /** Id of the command that wrote it. Commands that arrive together share a commit, not an id. */
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
  /**
   * An independent copy of the state. Commands that arrive together share one append by deciding one after the other on
   * a copy; with `fork` that copy is cheap. Without it the ledger folds a copy from the log while the ledger is small.
   */
  fork?(state: S): S;
  /**
   * The state as JSON and back, for checkpoints: a ledger whose projections all have it opens without reading from the
   * beginning. `decode(encode(state))` must behave as `state` does under every later event.
   */
  readonly snapshot?: ProjectionSnapshot<S> | undefined;
  /** Ledger features that a program with this projection in use understands. */
  readonly features?: readonly string[] | undefined;
  /** Event types that it understands, as far as they may be critical. */
  readonly knows?: readonly string[] | undefined;
  /**
   * For event types whose data has changed: functions from version 1 to 2, from 2 to 3 and so on. `apply` is given the newest
   * version only. An event of a later version than the last function makes (1 without any) is unknown and skipped.
   * Upcasters are part of the fold: with another one the projection needs another id.
   */
  readonly upcasters?: Readonly<Record<string, readonly Upcaster[]>> | undefined;
  /** Refuses a command of this process by throwing, after it was decided and before it is written. */
  guard?(state: S, intent: CommitIntent): void;
}

/** Brings an event's data from one version to the next. Pure and total, like `apply`; it must not change what it is given. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** What a command is about to write. */
export interface CommitIntent {
  readonly events: readonly NewEvent[];
  /** Blobs that the events rely on without naming them. */
  readonly blobs: readonly Digest[];
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** How the state of a projection becomes JSON for a checkpoint, and comes back. */
export interface ProjectionSnapshot<S> {
  /** @param aside keeps a piece by itself and returns what stands for it in the JSON */
  encode(state: S, aside: SetAside): Json;
  /**
   * May throw when it does not understand; the ledger is then folded from the beginning.
   * @param json what `encode` gave
   * @param part what was put aside, as bytes until `json()` is called: a large state opens without being parsed
   */
  decode(json: unknown, part: (reference: Json) => SnapshotPart): S;
}

/** Puts a piece aside, or a part that was loaded and has not changed. */
export type SetAside = (piece: Json | SnapshotPart) => Json;

/** A part of a checkpoint; nothing is parsed before `json` is called. */
export interface SnapshotPart {
  json(): Json;
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
export type Decide<R> = (view: LedgerView) => NewCommit & { readonly result: R };

/** What a command wants to be written. Without events nothing is. */
export interface NewCommit {
  readonly events: readonly NewEvent[];
  /** Digest of the policy that allowed it, for the commit-info leaf. */
  readonly policy?: Digest | undefined;
}

/** Who commits, and what makes committing twice harmless. */
export interface CommitOptions<R = unknown> extends Abortable {
  /** Default: the ledger's. */
  readonly actor?: string | undefined;
  /** The same key within the window (8,192 keys) returns the first outcome instead of committing again. */
  readonly idempotencyKey?: string | undefined;
  /** Blobs that the events rely on without naming them, such as the files of a manifest. */
  readonly blobs?: readonly Digest[] | undefined;
  /** Makes the result from the events of a commit that another process, or an earlier run, made with the same key. */
  readonly onReplay?: ((events: readonly LedgerEvent[]) => R) | undefined;
}

/** What was written, and what the command returned with it. */
export interface Committed<R> {
  /** Sequence number of the commit; of the head, when nothing was written. */
  readonly seq: number;
  readonly commitId: CommitId;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Empty when the command decided to write nothing. */
  readonly events: readonly LedgerEvent[];
  readonly result: R;
  /** True when the idempotency key was found: nothing was written now. */
  readonly replayed: boolean;
}

/** How far a ledger goes. */
export interface LedgerHead {
  /** Sequence number of the newest commit; 0 for an empty ledger. */
  readonly seq: number;
  /** Leaves in the tree: every event, and one commit-info leaf per command. */
  readonly size: number;
  /** RFC 6962 root over all leaves. */
  readonly root: Digest;
  /** Of the newest commit, milliseconds since 1970. */
  readonly time: number;
}

/** What hears how far verifying has come. */
export interface VerifyOptions extends Abortable {
  /** Called after each commit. */
  readonly onProgress?:
    | ((progress: { readonly done: number; readonly total: number; readonly unit: 'commits' }) => void)
    | undefined;
}

/** Whether every hash of a ledger adds up, and how much was read. */
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

/** What a ledger tells while it is open. */
export interface LedgerHubEvents {
  /** An event was folded, whoever wrote it. */
  committed: LedgerEvent;
  /** A projection broke its promise and threw. The event is a no-op for it; the ledger goes on. */
  projectionFailed: { readonly projection: string; readonly event: LedgerEvent; readonly error: unknown };
}

/** The append-only history that everything else is a fold of. */
export interface Ledger extends Closable {
  readonly id: LedgerId;
  readonly head: LedgerHead;
  /** Every event of every commit, as soon as it is folded here, own or foreign. */
  readonly events: EventSource<LedgerHubEvents>;
  /**
   * Runs the command against the newest state and appends what it decided. After a conflict the others' commits are
   * folded and the command runs again, so it fails only when its own precondition fails.
   * Commands that are waiting at the same time share an append and fail each for itself.
   * @throws `ledger/commit-unknown`, `ledger/contended`, `ledger/too-large`, `ledger/replayed`, and whatever `decide` throws
   */
  commit<R>(decide: Decide<R>, options?: CommitOptions<R>): Promise<Committed<R>>;
  /** Adds a projection and folds it from the beginning. Doing it twice is harmless. */
  use(projection: Projection<unknown>, options?: Abortable): Promise<void>;
  /** The state of a projection in use, at the head folded so far. Treat it as read-only. @throws `state/not-found` */
  state<S>(projection: Projection<S>): S;
  /** How many events the projection threw on. Anything but 0 is a bug of the projection. */
  faults(projection: Projection<unknown>): number;
  /** Folds what others have written since. */
  refresh(options?: Abortable): Promise<LedgerHead>;
  /** All events from leaf `from` in order, up to the head folded so far. @throws `ledger/corrupt` for changed bytes */
  read(options?: { readonly from?: number | undefined } & Abortable): AsyncIterable<LedgerEvent>;
  /** Re-reads every byte, recomputes every hash, and names the first bad entry. */
  verify(options?: VerifyOptions): Promise<VerifyReport>;
  /**
   * Proof that a leaf is in the tree, checkable offline with `verifyInclusion`; with `size`, in the tree of the first `size`
   * leaves.
   */
  prove(index: number, options?: { readonly size?: number | undefined } & Abortable): Promise<InclusionProof>;
  /** The exact bytes of an event's leaf, and of the commit-info leaf that says who wrote it. @throws `state/not-found` */
  leaf(index: number, options?: Abortable): Promise<EventLeaf>;
  /**
   * Proof that the ledger with its first `size` leaves is a past state of this one, or of the one with `to` leaves; check it
   * with `verifyConsistency`.
   */
  proveConsistency(size: number, options?: { readonly to?: number | undefined } & Abortable): Promise<ConsistencyProof>;
  /**
   * Stores the states of all projections so that the ledger opens faster next time, and notes it in the hint slot.
   * @throws `input/invalid` without blobs, or when a projection has no `snapshot`
   */
  checkpoint(options?: Abortable): Promise<Digest>;
}

/** An event as the tree holds it. */
export interface EventLeaf {
  readonly bytes: Uint8Array;
  /** The commit-info leaf of the command that wrote it. */
  readonly info: { readonly index: number; readonly bytes: Uint8Array };
}

/** Proof that one head is a past state of another. */
export interface ConsistencyProof {
  readonly first: { readonly size: number; readonly root: Digest };
  readonly second: { readonly size: number; readonly root: Digest };
  readonly path: readonly Digest[];
}

/** That one leaf is in the tree with this root (RFC 6962 audit path). */
export interface InclusionProof {
  /** Place of the leaf, from 0. */
  readonly index: number;
  /** Leaves of the tree. */
  readonly size: number;
  readonly root: Digest;
  readonly leafHash: Digest;
  /** Hashes of the siblings, from the leaf up to the root. */
  readonly path: readonly Digest[];
}
