/** Codes and their details. The only failure that Millwright throws is `MillwrightError`; programs switch on `code`. */
export interface ErrorDetails {
  /** An argument is not what the function takes. */
  'input/invalid': { readonly name: string; readonly expected: string; readonly received: string };
  /** A value cannot be written as canonical JSON (NaN, undefined, an unsafe integer, a lone surrogate, a cycle). */
  'input/not-json': { readonly path: string; readonly reason: string };
  /** Input is larger or deeper than the stated bound. */
  'input/too-large': { readonly name: string; readonly limit: number; readonly received: number };
  /** Something was used after it was closed. */
  'state/closed': { readonly what: string };
  /** The thing that was asked for does not exist. */
  'state/not-found': { readonly what: string; readonly id: string };
  /** A precondition of a command does not hold (any more). */
  'state/precondition': { readonly what: string; readonly expected: string; readonly actual: string };
  /** A bounded queue is full. Try again later, or make it larger. */
  'queue/full': { readonly limit: number };
  /** Nobody said that this caller may do it. Nothing was done. */
  'access/denied': { readonly action: string };
  /** An optional peer library is missing. */
  'peer/missing': { readonly peer: string; readonly install: string };

  /** The store cannot do what a ledger needs (atomic create, durable write). */
  'storage/unsupported': { readonly store: string; readonly needs: string };
  /** Bytes that were read do not have the digest under which they were stored. */
  'storage/corrupt': { readonly digest: string; readonly actual: string };
  /** A store does not keep its contract: the conformance suite found it out. */
  'storage/nonconforming': { readonly case: string; readonly reason: string };
  /** The store has shut itself after a failure that trying again could hide; it must be opened again. */
  'storage/unusable': { readonly store: string; readonly operation: string };
  /** The store failed; the cause says how. */
  'storage/failed': { readonly store: string; readonly operation: string };

  /** The ledger's bytes are not a valid ledger at this place. */
  'ledger/corrupt': { readonly seq: number; readonly index?: number | undefined; readonly reason: string };
  /** It is not known whether the commit was written. Nothing was deleted; ask again by commit id. */
  'ledger/commit-unknown': { readonly commitId: string; readonly seq: number };
  /** The idempotency key was used before and only the caller can rebuild the result: pass `onReplay`. */
  'ledger/replayed': { readonly idempotencyKey: string; readonly seq: number };
  /** Other writers won every attempt. */
  'ledger/contended': { readonly attempts: number };
  /** An event or a commit is larger than the format allows. */
  'ledger/too-large': { readonly limit: number; readonly received: number };
  /** The history that is now served contradicts the one seen before. */
  'ledger/forked': { readonly expectedRoot: string; readonly actualRoot: string; readonly size: number };
  /** The command names blobs that were collected as garbage. */
  'ledger/swept': { readonly digests: readonly string[] };
  /** The ledger uses a feature that this version does not know. */
  'ledger/unsupported': { readonly features: readonly string[] };

  /** A file's bytes do not match the manifest. */
  'artifact/mismatch': { readonly path: string; readonly expected: string; readonly actual: string };
  /** A manifest, or a path in it, breaks the rules. */
  'artifact/invalid': { readonly path: string; readonly reason: string };
  /** The artifact's bytes are not in the blob store. */
  'artifact/missing': { readonly path: string; readonly digest: string };

  /** A column is missing from a table or has another type. */
  'table/column': { readonly column: string; readonly expected: string; readonly received: string };
  /** A column's buffers contradict each other. */
  'table/corrupt': { readonly column: string; readonly reason: string };
  /** Two profiles were counted against different references. */
  'profile/unmergeable': { readonly column: string; readonly reason: string };
  /** The bytes are not a sketch of this family, or they contradict themselves. */
  'sketch/corrupt': { readonly family: string; readonly reason: string };
  /** A value does not keep the contract. */
  'contract/violated': {
    readonly violations: readonly { readonly path: string; readonly expected: string; readonly received: string }[];
  };
  /** The contract itself is not well formed. */
  'contract/invalid': { readonly path: string; readonly reason: string };
  /** A validation did not pass. */
  'validation/failed': { readonly failed: readonly string[]; readonly undecided: readonly string[] };
  /** A suite cannot be run against this table. Nothing was read. */
  'validation/plan': { readonly problems: readonly { readonly expectation: string; readonly reason: string }[] };

  /** A policy denies what was asked for. The denial is recorded in the ledger. */
  'registry/denied': { readonly action: string; readonly reasons: readonly string[] };
  /** A name is taken. */
  'registry/exists': { readonly what: string; readonly id: string };
  /** A lifecycle step that is not allowed from here. */
  'registry/lifecycle': { readonly from: string; readonly to: string };
  /** The two sides of a comparison do not have the same rows. */
  'evaluation/unmatched': { readonly champion: number; readonly challenger: number };

  /** A detector's state cannot be restored. */
  'drift/state': { readonly detector: string; readonly reason: string };
  /** A detector does not keep its contract (thrown by the conformance suite). */
  'drift/nonconforming': { readonly reason: string };

  /** No execution provider could be used; every refusal is listed. */
  'serving/no-provider': { readonly refused: readonly { readonly provider: string; readonly reason: string }[] };
  /** The model is refused before native code sees it. */
  'serving/untrusted-model': { readonly reasons: readonly string[] };
  /** The model is well formed, and uses types that cannot be passed to it here. */
  'serving/unsupported': { readonly reasons: readonly string[] };
  /** The model's files are larger than this device is to hold. */
  'serving/too-large': { readonly bytes: number; readonly maxBytes: number };
  /** A tensor does not fit the model's signature. */
  'serving/tensor': { readonly name: string; readonly expected: string; readonly received: string };
  /** The deadline passed, or would pass, before an answer. */
  'serving/deadline': { readonly deadlineMs: number; readonly stage: string };
  /** The endpoint is over capacity. */
  'serving/overloaded': { readonly retryAfterMs: number };
  /** The engine died while the request was running. */
  'serving/engine-crashed': { readonly engine: string };
  /** The model failed. */
  'serving/model-failed': { readonly model: string };

  /** A guard held the answer back, where an answer cannot be a value of its own. */
  'serving/abstained': { readonly guard: string; readonly reason: string };
  /** The other service did not answer, or not what was asked for. `status` is that of its HTTP response, if one came. */
  'serving/remote-failed': { readonly origin: string; readonly status: number | undefined; readonly reason: string };

  /** A model runtime breaks its interface; thrown by its conformance suite. */
  'serving/nonconforming': { readonly reason: string };

  /** The rollout's spec is not well formed. */
  'rollout/invalid': { readonly path: string; readonly reason: string };
  /** The rollout is not in a state that allows the command. */
  'rollout/state': { readonly state: string; readonly command: string };
}

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
