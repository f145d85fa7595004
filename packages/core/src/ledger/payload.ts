import type { Abortable } from '../foundation/abort.js';
import { encodeUtf8 } from '../foundation/bytes.js';
import type { Json, JsonObject } from '../foundation/canonical-json.js';
import { type Digest, digestBytes, parseDigest } from '../foundation/digest.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { collect } from '../storage/body.js';
import type { BlobStore } from '../storage/types.js';
import type { Committed, Ledger, LedgerEvent, NewEvent, Projection } from './types.js';

/**
 * What an event holds in place of human-written text: a salted commitment. The salt makes the commitment say nothing once
 * the payload is gone, so the event, its proofs and every root stay as they are after an erasure. Projections never read
 * payloads; whatever a decision needs belongs into the event itself.
 */
export interface PayloadRef extends JsonObject {
  readonly alg: 'sha256-salted';
  /** SHA-256 of 32 random bytes and the content; also the digest under which both lie in the blob store. */
  readonly commitment: Digest;
  /** What kind of content it is, for retention rules: `description`, `comment`, `sample`. */
  readonly class: string;
}

const SALT_BYTES = 32;

/** What kind of content is sealed. */
export interface SealOptions extends Abortable {
  /** For retention rules: `description`, `comment`, `sample`. */
  readonly class: string;
  /** 32 bytes that nobody can guess. Default from the platform's cryptographic generator; only tests give their own. */
  readonly salt?: Uint8Array | undefined;
}

/** Stores content as an erasable payload. Put the reference into the event that it belongs to. */
export async function sealPayload(
  blobs: BlobStore,
  content: string | Uint8Array,
  options: SealOptions,
): Promise<PayloadRef> {
  const { salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES)), signal } = options;
  if (salt.byteLength !== SALT_BYTES) throw invalidInput('salt', `${SALT_BYTES} bytes`, salt.byteLength);
  const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
  const salted = new Uint8Array(SALT_BYTES + bytes.byteLength);
  salted.set(salt);
  salted.set(bytes, SALT_BYTES);
  const commitment = digestBytes(salted);
  await blobs.put(commitment, salted, { size: salted.byteLength, signal });
  return { alg: 'sha256-salted', commitment, class: options.class };
}

/** The content of a payload, or undefined when it was erased. @throws `storage/corrupt` when it was changed */
export async function openPayload(
  blobs: BlobStore,
  ref: Pick<PayloadRef, 'commitment'>,
  options: Abortable = {},
): Promise<Uint8Array | undefined> {
  const digest = parseDigest(ref.commitment, 'commitment');
  const body = await blobs.get(digest, options);
  if (body === undefined) return undefined;
  const salted = await collect(body);
  const actual = digestBytes(salted);
  if (actual !== digest || salted.byteLength < SALT_BYTES) {
    throw new MillwrightError('storage/corrupt', `The payload ${digest} was changed: it has digest ${actual}.`, {
      details: { digest, actual },
    });
  }
  return salted.slice(SALT_BYTES);
}

/** Which payloads were erased, by whom and why, and which may not be. */
export interface Erasures {
  readonly redacted: ReadonlyMap<Digest, Redaction>;
  /** Reasons of the legal holds that are in force. */
  readonly held: ReadonlyMap<Digest, readonly string[]>;
}

/** When a payload was erased, by whom and on which ground. */
export interface Redaction {
  /** Leaf of the event that says so. */
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  readonly legalBasis: string;
}

interface MutableErasures extends Erasures {
  readonly redacted: Map<Digest, Redaction>;
  readonly held: Map<Digest, readonly string[]>;
}

/** Which detached payloads were erased, by whom and why, and what must be kept. */
export const erasureProjection: Projection<Erasures> = {
  id: 'millwright.erasure@1',
  init: (): MutableErasures => ({ redacted: new Map(), held: new Map() }),
  apply(state, event) {
    const { redacted, held } = state as MutableErasures;
    const reason = textOf(event, 'reason');
    for (const digest of commitmentsOf(event)) {
      const reasons = held.get(digest) ?? [];
      if (event.type === 'redaction.applied' && reasons.length === 0 && !redacted.has(digest)) {
        const { index, time, actor } = event;
        redacted.set(digest, { index, time, actor, legalBasis: textOf(event, 'legalBasis') });
      } else if (event.type === 'hold.placed' && !reasons.includes(reason)) {
        held.set(digest, [...reasons, reason]);
      } else if (event.type === 'hold.released') {
        const left = reasons.filter((each) => each !== reason);
        if (left.length > 0) held.set(digest, left);
        else held.delete(digest);
      }
    }
    return state;
  },
  fork: ({ redacted, held }): MutableErasures => ({ redacted: new Map(redacted), held: new Map(held) }),
  snapshot: {
    encode: ({ redacted, held }) => ({
      redacted: Array.from(redacted, ([digest, redaction]): Json => [digest, { ...redaction }]),
      held: Array.from(held, ([digest, reasons]): Json => [digest, reasons]),
    }),
    decode(json): MutableErasures {
      const { redacted, held } = json as {
        readonly redacted: readonly [Digest, Redaction][];
        readonly held: readonly [Digest, readonly string[]][];
      };
      return { redacted: new Map(redacted), held: new Map(held) };
    },
  },
};

/** A payload by its reference, or a segment by its seal. */
export type Holdable = Pick<PayloadRef, 'commitment'> | { readonly digest: Digest };

/** Forbids the erasure of payloads, and the expiry of segments, until the hold with the same reason is released. */
export function holdPlaced(what: readonly Holdable[], reason: string): NewEvent {
  return { type: 'hold.placed', data: { refs: what.map(digestOf), reason } };
}

/** The event that lets erasing and expiring go on for what was held. */
export function holdReleased(what: readonly Holdable[], reason: string): NewEvent {
  return { type: 'hold.released', data: { refs: what.map(digestOf), reason } };
}

function digestOf(what: Holdable): Digest {
  return 'digest' in what ? (what.digest as Digest) : what.commitment;
}

/** Why a payload is erased, and at whose request. */
export interface RedactOptions extends Abortable {
  /** Why it may or must be erased, such as `GDPR Art. 17`. */
  readonly legalBasis: string;
  /** When the person asked, milliseconds since 1970. */
  readonly requestedAt?: number | undefined;
  /** Who erases. Default: the ledger's actor. */
  readonly actor?: string | undefined;
}

/**
 * Erases payloads: first the ledger says so, then the bytes go. If the process ends in between, `sweepErasures` finishes.
 * @throws `state/precondition` when a legal hold is in force on one of them, or it must be kept for longer (`retentionSet`
 * of `@millwright/core/retention`); nothing is erased then
 */
export async function redact(
  ledger: Ledger,
  blobs: BlobStore,
  refs: readonly Pick<PayloadRef, 'commitment'>[],
  options: RedactOptions,
): Promise<Committed<undefined>> {
  const { legalBasis, requestedAt, actor, signal } = options;
  const digests = refs.map(({ commitment }) => parseDigest(commitment, 'commitment'));
  await ledger.use(erasureProjection, { signal });
  const committed = await ledger.commit<undefined>(
    (view) => {
      const { held } = view.state(erasureProjection);
      for (const digest of digests) {
        const reasons = held.get(digest);
        if (reasons !== undefined) throw underHold(digest, reasons);
      }
      const data = { refs: digests, legalBasis, ...(requestedAt === undefined ? {} : { requestedAt }) };
      return { events: [{ type: 'redaction.applied', data }], result: undefined };
    },
    { actor, signal },
  );
  await sweepErasures(ledger, blobs, { signal });
  return committed;
}

/** Deletes the bytes of every payload that the ledger says is erased; how many were still there. */
export async function sweepErasures(ledger: Ledger, blobs: BlobStore, options: Abortable = {}): Promise<number> {
  let swept = 0;
  for (const digest of ledger.state(erasureProjection).redacted.keys())
    if (await blobs.delete(digest, options)) swept++;
  return swept;
}

function commitmentsOf({ data }: LedgerEvent): Digest[] {
  const refs = data['refs'];
  if (!Array.isArray(refs)) return [];
  return refs.filter((ref): ref is Digest => typeof ref === 'string' && /^sha256:[0-9a-f]{64}$/.test(ref));
}

function textOf({ data }: LedgerEvent, name: string): string {
  const text = data[name];
  return typeof text === 'string' ? text : '';
}

function underHold(digest: Digest, reasons: readonly string[]): MillwrightError<'state/precondition'> {
  return new MillwrightError(
    'state/precondition',
    `The payload ${digest} is under legal hold (${reasons.join('; ')}). Release the hold before erasing it.`,
    { details: { what: digest, expected: 'no legal hold', actual: reasons.join('; ') } },
  );
}
