import type { Abortable } from '../foundation/abort.js';
import { fromHex } from '../foundation/bytes.js';
import { type Digest, hexOf, toDigest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { formatEventExtra } from '../verifier/event-proof.js';
import { type NoteSigner, signNote } from '../verifier/note.js';
import { formatTreeHead, headOf } from '../verifier/tlog-checkpoint.js';
import { formatTlogProof } from '../verifier/tlog-proof.js';
import type { HeadPin, PinnedHead } from './pin.js';
import type { Ledger } from './types.js';

/** Who signs the head, and what was signed before. */
export interface SignHeadOptions extends Abortable {
  /** Which log this is, for verifiers. Default `millwright.dev/ledger/<ledger id>`. */
  readonly origin?: string | undefined;
  readonly signers: readonly NoteSigner[];
  /** What was signed last, kept where the ledger's writers cannot reach it. A signer must never sign two histories. */
  readonly lastSigned?: HeadPin | undefined;
}

/**
 * Signs the ledger's present head as a C2SP checkpoint.
 * @throws `ledger/forked` when the head does not extend what was signed last
 */
export function signHead(ledger: Ledger, options: SignHeadOptions): Promise<string> {
  return sign(ledger, ledger.head, options);
}

/** Either who signs the head of the proof, or a head that is signed already. */
export type ExportProofOptions = SignHeadOptions | ({ readonly checkpoint: string } & Abortable);

/**
 * A `.tlog-proof` file that shows one event to anybody who has the verifier key: the event, who wrote it when and under
 * which policy (its commit info), the inclusion proofs of both and a signed head, made now or given as `checkpoint` (such as
 * one with witnesses' signatures). Check it with `verifyEventProof` of `@millwright/core/verifier`, offline.
 * @throws `state/not-found` when the leaf is no event, `ledger/forked` when the checkpoint is not of this ledger
 */
export async function exportProof(ledger: Ledger, index: number, options: ExportProofOptions): Promise<string> {
  const { signal } = options;
  const { bytes, info } = await ledger.leaf(index, { signal });
  const given = 'checkpoint' in options ? headOf(options.checkpoint) : undefined;
  const proof = await ledger.prove(index, { size: given?.size, signal });
  if (given !== undefined && proof.root !== toDigest(given.root))
    throw notExtended({ size: given.size, root: toDigest(given.root) }, proof);
  const infoProof = await ledger.prove(info.index, { size: proof.size, signal });
  const path = proof.path.map(hashOf);
  const infoPath = infoProof.path.map(hashOf);
  const extra = await formatEventExtra({ entry: bytes, info: info.bytes, infoIndex: info.index, infoPath }, path);
  const checkpoint = 'checkpoint' in options ? options.checkpoint : await sign(ledger, proof, options);
  return formatTlogProof({ index, path, checkpoint, extra });
}

async function sign(ledger: Ledger, head: PinnedHead, options: SignHeadOptions): Promise<string> {
  const { lastSigned, signers, signal } = options;
  const { size, root } = head;
  const last = await lastSigned?.load();
  if (last !== undefined) {
    const known = last.size <= size ? (await ledger.proveConsistency(last.size, { signal })).first.root : root;
    if (last.size > size || known !== last.root) throw notExtended(last, { size, root: known });
  }
  const origin = options.origin ?? `millwright.dev/ledger/${ledger.id}`;
  const note = await signNote(formatTreeHead({ origin, size, root: hashOf(root) }), signers);
  await lastSigned?.save({ size, root });
  return note;
}

function notExtended(signed: PinnedHead, actual: PinnedHead): MillwrightError<'ledger/forked'> {
  return new MillwrightError(
    'ledger/forked',
    `Signed before: ${signed.size} leaves with root ${signed.root}. The ledger with ${actual.size} leaves does not extend it.`,
    { details: { expectedRoot: signed.root, actualRoot: actual.root, size: signed.size } },
  );
}

function hashOf(digest: Digest): Uint8Array {
  return fromHex(hexOf(digest));
}
