import type { Abortable } from '../foundation/abort.js';
import { type Digest, fromHex } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import { type NoteSigner, signNote } from '../verifier/note.js';
import { formatTreeHead } from '../verifier/tlog-checkpoint.js';
import { formatTlogProof } from '../verifier/tlog-proof.js';
import { corrupt, encodeEvent } from './commit-codec.js';
import { leafHash, sameHash } from './merkle-hash.js';
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
 * A `.tlog-proof` file that shows one event to anybody who has the verifier key: the event's bytes, its inclusion proof
 * and a signed head. Check it with `verifyTlogProof` of `@millwright/core/verifier`, offline.
 * @throws `state/not-found` when the leaf is no event
 */
export async function exportProof(ledger: Ledger, index: number, options: SignHeadOptions): Promise<string> {
  for await (const event of ledger.read({ from: index, signal: options.signal })) {
    if (event.index !== index) break;
    const proof = await ledger.prove(index, options);
    const entry = encodeEvent(event);
    if (!sameHash(leafHash(entry), hashOf(proof.leafHash)))
      throw corrupt(event.seq, 'another program wrote it in a form that cannot be repeated', { index });
    const checkpoint = await sign(ledger, proof, options);
    return formatTlogProof({ index, path: proof.path.map(hashOf), checkpoint, extra: entry });
  }
  throw new MillwrightError('state/not-found', `Leaf ${index} of the ledger is no event.`, {
    details: { what: 'event', id: String(index) },
  });
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
