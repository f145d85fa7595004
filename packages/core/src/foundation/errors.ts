/**
 * Codes and their details. The only failure that Millwright throws is `MillwrightError`; programs switch on `code`.
 * Each comment says what happened and, after `Do:`, what to do; docs/errors.md is made of them.
 */
export interface ErrorDetails {
  /**
   * An argument is not what the function takes.
   * Do: compare `expected` with `received`; the message names the argument and often the unit.
   */
  'input/invalid': { readonly name: string; readonly expected: string; readonly received: string };
  /**
   * A value cannot be written as canonical JSON (NaN, undefined, an unsafe integer, a lone surrogate, a cycle).
   * Do: look at `path`; write what has no JSON as a string, and leave out what is undefined.
   */
  'input/not-json': { readonly path: string; readonly reason: string };
  /**
   * Input is larger or deeper than the stated bound.
   * Do: send less, or raise the option that the message names.
   */
  'input/too-large': { readonly name: string; readonly limit: number; readonly received: number };
  /**
   * Something was used after it was closed.
   * Do: close things where nothing uses them any more: after the last answer, at the end of `await using`.
   */
  'state/closed': { readonly what: string };
  /**
   * The thing that was asked for does not exist.
   * Do: check the spelling of `id`; if another process wrote it, `ledger.refresh()` first.
   */
  'state/not-found': { readonly what: string; readonly id: string };
  /**
   * A precondition of a command does not hold (any more).
   * Do: read the state again and decide anew: somebody was faster, or it was never so.
   */
  'state/precondition': { readonly what: string; readonly expected: string; readonly actual: string };
  /**
   * A bounded queue is full.
   * Do: try again later, take from the queue faster, or make it larger.
   */
  'queue/full': { readonly limit: number };
  /**
   * Nobody said that this caller may do it. Nothing was done.
   * Do: give the handler an `authorise` hook that names an actor for this `action`.
   */
  'access/denied': { readonly action: string };
  /**
   * An optional peer library is missing.
   * Do: run what `install` says; the library is optional and not installed with ours.
   */
  'peer/missing': { readonly peer: string; readonly install: string };

  /**
   * The store cannot do what a ledger needs (atomic create, durable write).
   * Do: take another store, or turn on what `needs` names; `logStoreCases` shows what is missing.
   */
  'storage/unsupported': { readonly store: string; readonly needs: string };
  /**
   * Bytes that were read do not have the digest under which they were stored.
   * Do: restore the blob with this digest from a copy. Nothing that depends on it is used before.
   */
  'storage/corrupt': { readonly digest: string; readonly actual: string };
  /**
   * A store does not keep its contract: the conformance suite found it out.
   * Do: mend the store where the case fails; each case says what it expected.
   */
  'storage/nonconforming': { readonly case: string; readonly reason: string };
  /**
   * The store has shut itself after a failure that trying again could hide; it must be opened again.
   * Do: close it, look at the cause (a full disk, a lost connection), and open it again.
   */
  'storage/unusable': { readonly store: string; readonly operation: string };
  /**
   * The store failed; the cause says how.
   * Do: look at `cause`; reading and writing again is safe, for nothing is deleted on doubt.
   */
  'storage/failed': { readonly store: string; readonly operation: string };

  /**
   * The ledger's bytes are not a valid ledger at this place.
   * Do: run `millwright verify`, keep the bytes, and restore the commit at `seq` from a copy or from exported tiles.
   */
  'ledger/corrupt': { readonly seq: number; readonly index?: number | undefined; readonly reason: string };
  /**
   * It is not known whether the commit was written. Nothing was deleted.
   * Do: run the command again with the same `idempotencyKey`: it is written once.
   */
  'ledger/commit-unknown': { readonly commitId: string; readonly seq: number };
  /**
   * The idempotency key was used before, and only the caller can rebuild the result.
   * Do: pass `onReplay`, which rebuilds the result from the events that were written then.
   */
  'ledger/replayed': { readonly idempotencyKey: string; readonly seq: number };
  /**
   * Other writers won every attempt.
   * Do: try again; if it happens often, take `turns` (PostgreSQL) or give more events to one commit.
   */
  'ledger/contended': { readonly attempts: number };
  /**
   * An event or a commit is larger than the format allows.
   * Do: put the bytes into the blob store and their digest into the event.
   */
  'ledger/too-large': { readonly limit: number; readonly received: number };
  /**
   * The history that is now served contradicts the one seen before.
   * Do: stop. Somebody has rewritten history or restored an old copy: compare with a witness or a checkpoint.
   */
  'ledger/forked': { readonly expectedRoot: string; readonly actualRoot: string; readonly size: number };
  /**
   * The command names blobs that were collected as garbage.
   * Do: put the blobs again before the command names them.
   */
  'ledger/swept': { readonly digests: readonly string[] };
  /**
   * The ledger uses a feature that this version does not know.
   * Do: upgrade: a newer version wrote events that this one must not ignore.
   */
  'ledger/unsupported': { readonly features: readonly string[] };

  /**
   * A file's bytes do not match the manifest.
   * Do: fetch the file again; if it stays so, the copy is damaged or was exchanged, and must not be used.
   */
  'artifact/mismatch': { readonly path: string; readonly expected: string; readonly actual: string };
  /**
   * A manifest, or a path in it, breaks the rules.
   * Do: correct `path`: relative, without `..`, each file once.
   */
  'artifact/invalid': { readonly path: string; readonly reason: string };
  /**
   * The artifact's bytes are not in the blob store.
   * Do: restore the blob, or register the version again with the same files: same bytes, same digest.
   */
  'artifact/missing': { readonly path: string; readonly digest: string };

  /**
   * A column is missing from a table or has another type.
   * Do: check the column's name and type in the table that is passed, or convert it before.
   */
  'table/column': { readonly column: string; readonly expected: string; readonly received: string };
  /**
   * A column's buffers contradict each other.
   * Do: refuse the file and ask its producer: what is in it contradicts itself.
   */
  'table/corrupt': { readonly column: string; readonly reason: string };
  /**
   * Two profiles were counted against different references.
   * Do: count both parts with the same `reference`.
   */
  'profile/unmergeable': { readonly column: string; readonly reason: string };
  /**
   * The bytes are not a sketch of this family, or they contradict themselves.
   * Do: check the family and that the bytes are whole; sketches of other families have other readers.
   */
  'sketch/corrupt': { readonly family: string; readonly reason: string };
  /**
   * A value does not keep the contract.
   * Do: correct the request where `path` says; `compatibility` shows whether the contract has changed.
   */
  'contract/violated': {
    readonly violations: readonly { readonly path: string; readonly expected: string; readonly received: string }[];
  };
  /**
   * The contract itself is not well formed.
   * Do: correct the definition where `path` says.
   */
  'contract/invalid': { readonly path: string; readonly reason: string };
  /**
   * A validation did not pass.
   * Do: look at `report.failures`: sentence, counts and rows. See the runbook on corrupt data.
   */
  'validation/failed': { readonly failed: readonly string[]; readonly undecided: readonly string[] };
  /**
   * A suite cannot be run against this table. Nothing was read.
   * Do: correct the suite: every mistake is in `problems`, none of them is about rows.
   */
  'validation/plan': { readonly problems: readonly { readonly expectation: string; readonly reason: string }[] };

  /**
   * A policy denies what was asked for. The denial is recorded in the ledger.
   * Do: do what `reasons` ask for: attach the evidence, get the approval. Rolling back needs neither.
   */
  'registry/denied': { readonly action: string; readonly reasons: readonly string[] };
  /**
   * A name is taken.
   * Do: take another name, or use what is there.
   */
  'registry/exists': { readonly what: string; readonly id: string };
  /**
   * A lifecycle step that is not allowed from here.
   * Do: register a new version: a retired one stays retired.
   */
  'registry/lifecycle': { readonly from: string; readonly to: string };
  /**
   * The two sides of a comparison do not have the same rows.
   * Do: give both sides the same rows, or `rowIds` to join them by.
   */
  'evaluation/unmatched': { readonly champion: number; readonly challenger: number };

  /**
   * A detector's state cannot be restored.
   * Do: start the detector anew from its baseline; states belong to one detector and its options.
   */
  'drift/state': { readonly detector: string; readonly reason: string };
  /**
   * A detector does not keep its contract (thrown by the conformance suite).
   * Do: mend the detector where `reason` says.
   */
  'drift/nonconforming': { readonly reason: string };

  /**
   * No execution provider could be used; every refusal is listed.
   * Do: read each refusal in `refused`: a library to install, a driver that is missing, golden rows that differ.
   */
  'serving/no-provider': { readonly refused: readonly { readonly provider: string; readonly reason: string }[] };
  /**
   * The model is refused before native code sees it.
   * Do: look at `reasons`; export the model anew, or raise the limit that it exceeds if you trust it.
   */
  'serving/untrusted-model': { readonly reasons: readonly string[] };
  /**
   * The model is well formed, and uses types that cannot be passed to it here.
   * Do: cast these inputs or outputs to a supported type inside the model.
   */
  'serving/unsupported': { readonly reasons: readonly string[] };
  /**
   * The model's files are larger than this device is to hold.
   * Do: serve a smaller model to such devices, or raise `maxBytes`.
   */
  'serving/too-large': { readonly bytes: number; readonly maxBytes: number };
  /**
   * A tensor does not fit the model's signature.
   * Do: compare the tensor with the model's signature: type, and each dimension.
   */
  'serving/tensor': { readonly name: string; readonly expected: string; readonly received: string };
  /**
   * The deadline passed, or would pass, before an answer.
   * Do: look at `stage`, then at its p99 in `endpoint.stats()`. See the runbook on latency.
   */
  'serving/deadline': { readonly deadlineMs: number; readonly stage: string };
  /**
   * The endpoint is over capacity.
   * Do: wait `retryAfterMs`; add processes, a cache or a ladder if it lasts.
   */
  'serving/overloaded': { readonly retryAfterMs: number };
  /**
   * The engine died while the request was running.
   * Do: the engine is started again by itself. If it returns, run the model with `placement: 'process'`.
   */
  'serving/engine-crashed': { readonly engine: string };
  /**
   * The model failed.
   * Do: look at `cause`: the model's own error, for this input.
   */
  'serving/model-failed': { readonly model: string };

  /**
   * A guard held the answer back, where an answer cannot be a value of its own.
   * Do: ask a person, or another model: the guard's `reason` says why this one was not believed.
   */
  'serving/abstained': { readonly guard: string; readonly reason: string };
  /**
   * The other service did not answer, or not what was asked for. `status` is that of its HTTP response, if one came.
   * Do: look at `status` and `reason`, and at that service.
   */
  'serving/remote-failed': { readonly origin: string; readonly status: number | undefined; readonly reason: string };

  /**
   * A model runtime breaks its interface; thrown by its conformance suite.
   * Do: mend the runtime where `reason` says.
   */
  'serving/nonconforming': { readonly reason: string };

  /**
   * The rollout's spec is not well formed.
   * Do: correct the definition where `path` says.
   */
  'rollout/invalid': { readonly path: string; readonly reason: string };
  /**
   * The rollout is not in a state that allows the command.
   * Do: look at `rollout.state`; a rollout that has ended takes no commands, one under way must end before the next.
   */
  'rollout/state': { readonly state: string; readonly command: string };
}

/** What went wrong, as `room/what`; docs/errors.md says for each what to do. */
export type ErrorCode = keyof ErrorDetails;

const MARK = Symbol.for('@millwright/error');

/** The one error class. `code` names what happened, `details` holds its facts, `message` says what to do. */
export class MillwrightError<C extends ErrorCode = ErrorCode> extends Error {
  static {
    Object.defineProperty(MillwrightError.prototype, 'name', { value: 'MillwrightError', configurable: true });
    Object.defineProperty(MillwrightError.prototype, MARK, { value: true });
  }
  readonly code: C;
  readonly details: ErrorDetails[C];

  constructor(code: C, message: string, options: { readonly details: ErrorDetails[C]; readonly cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
  }
}

/** True for an error of Millwright, also of another copy of the package; with `code`, only for that one. */
export function isMillwrightError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: C,
): error is MillwrightError<C> {
  if (typeof error !== 'object' || error === null || !(MARK in error)) return false;
  return code === undefined || ('code' in error && error.code === code);
}

/** An `input/invalid` error: ``Expected `share` to be a number between 0 and 1, got `12` (number).`` */
export function invalidInput(
  name: string,
  expected: string,
  received: unknown,
  advice = '',
): MillwrightError<'input/invalid'> {
  const shown = describe(received);
  return new MillwrightError(
    'input/invalid',
    `Expected \`${name}\` to be ${expected}, got ${shown}.${advice === '' ? '' : ` ${advice}`}`,
    {
      details: { name, expected, received: shown },
    },
  );
}

/** A short, safe description of any value, for messages: `` `12` (number) ``. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return `\`${value}\``;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no prototype'})`;
  if (typeof value === 'function') return 'a function';
  const text = String(value);
  return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\` (${typeof value})`;
}
