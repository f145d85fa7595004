import type { Abortable } from '../foundation/abort.js';
import { type Digest, fromHex } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { formatEventExtra } from '../verifier/event-proof.js';
import { type NoteSigner, signNote } from '../verifier/note.js';
import { formatTreeHead } from '../verifier/tlog-checkpoint.js';
import { formatTlogProof } from '../verifier/tlog-proof.js';
import type { HeadPin, PinnedHead } from './pin.js';
import type { Ledger } from './types.js';

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

/**
 * A `.tlog-proof` file that shows one event to anybody who has the verifier key: the event, who wrote it when and under
 * which policy (its commit info), the inclusion proofs of both and a signed head. Check it with `verifyEventProof` of
 * `@millwright/core/verifier`, offline.
 * @throws `state/not-found` when the leaf is no event
 */
export async function exportProof(ledger: Ledger, index: number, options: SignHeadOptions): Promise<string> {
  const { bytes, info } = await ledger.leaf(index, options);
  const proof = await ledger.prove(index, options);
  const infoProof = await ledger.prove(info.index, { ...options, size: proof.size });
  const path = proof.path.map(hashOf);
  const extra = formatEventExtra(
    { entry: bytes, info: info.bytes, infoIndex: info.index, infoPath: infoProof.path.map(hashOf) },
    path,
  );
  const checkpoint = await sign(ledger, proof, options);
  return formatTlogProof({ index, path, checkpoint, extra });
}

async function sign(ledger: Ledger, { size, root }: PinnedHead, options: SignHeadOptions): Promise<string> {
  const last = await options.lastSigned?.load();
  if (last !== undefined) {
    const known = last.size <= size ? (await ledger.proveConsistency(last.size, options)).first.root : root;
    if (last.size > size || known !== last.root) {
      throw new MillwrightError(
        'ledger/forked',
        `Signed before: ${last.size} leaves with root ${last.root}. The ledger with ${size} leaves does not extend it; it is not signed.`,
        { details: { expectedRoot: last.root, actualRoot: known, size: last.size } },
      );
    }
  }
  const origin = options.origin ?? `millwright.dev/ledger/${ledger.id}`;
  const note = await signNote(formatTreeHead({ origin, size, root: hashOf(root) }), options.signers);
  await options.lastSigned?.save({ size, root });
  return note;
}

function hashOf(digest: Digest): Uint8Array {
  return fromHex(digest.slice('sha256:'.length));
}
