import type { Abortable } from '../foundation/abort.js';
import { fromHex } from '../foundation/bytes.js';
import { hexOf } from '../foundation/digest.js';
import { type SignHeadOptions, signHead } from '../ledger/sign.js';
import type { Ledger } from '../ledger/types.js';
import type { NoteVerifier } from '../verifier/note.js';
import { headOf, type TreeHead } from '../verifier/tlog-checkpoint.js';
import { type AddCheckpointAnswer, addCheckpoint } from './add-checkpoint.js';

/** A witness: it signs heads of logs that only ever grow, so that nobody is shown another history (C2SP tlog-witness). */
export interface Witness {
  /** Submission prefix; `/add-checkpoint` comes after it. */
  readonly url: string;
  /** From the witness's verifier key: `ed25519Verifier`. */
  readonly verifier: NoteVerifier;
}

/** Who signs the head, and which witnesses are asked to sign it, too. */
export interface CosignOptions extends SignHeadOptions {
  readonly witnesses: readonly Witness[];
  /** Default the platform's. */
  readonly fetch?: typeof fetch | undefined;
}

/** A head, with the signatures of the witnesses that have seen it. */
export interface CosignedHead {
  /** The signed head with the signatures of the witnesses that gave one. */
  readonly checkpoint: string;
  /** When each of them signed, milliseconds since 1970. */
  readonly cosignedAt: ReadonlyMap<string, number>;
  /** The others, and why. Whether enough signed is for whoever verifies, and so for the caller to decide. */
  readonly failures: readonly WitnessFailure[];
}

/** A witness that did not sign, and why. */
export interface WitnessFailure {
  readonly witness: string;
  /**
   * `unreachable`: no answer. `refused`: it does not know the log, or its key, or found the proof wrong. `ahead`: it has seen
   * a longer history than this ledger has; find out why before anything else. `malformed`: no valid signature in its answer.
   */
  readonly kind: 'unreachable' | 'refused' | 'ahead' | 'malformed';
  readonly detail: string;
}

/**
 * Signs the ledger's present head and asks witnesses to sign it, too, all at once. Each is given a proof that the ledger
 * grew from what it saw last. Put `checkpoint` into proofs (`exportProof`) and exports (`exportTiles`).
 * @throws `ledger/forked` when the head does not extend what was signed last, and the signal's reason
 */
export async function cosignHead(ledger: Ledger, options: CosignOptions): Promise<CosignedHead> {
  // A witness has probably seen what was signed last; if not, it says what it has seen.
  const guess = (await options.lastSigned?.load())?.size ?? 0;
  const checkpoint = await signHead(ledger, options);
  const head = headOf(checkpoint);
  const answers = await Promise.all(
    options.witnesses.map((witness) =>
      ask(ledger, { checkpoint, head, guess: Math.min(guess, head.size) }, witness, options),
    ),
  );
  options.signal?.throwIfAborted();
  const signed = answers.filter((answer) => answer.kind === 'signed');
  return {
    checkpoint: checkpoint + signed.map(({ lines }) => lines).join(''),
    cosignedAt: new Map(signed.map(({ witness, time }) => [witness, time])),
    failures: answers.filter((answer) => answer.kind !== 'signed'),
  };
}

interface Asked {
  readonly checkpoint: string;
  readonly head: TreeHead;
  readonly guess: number;
}

/** How often a witness may say that it has seen another size, as when others ask it at the same time. */
const MAX_CONFLICTS = 3;

async function ask(
  ledger: Ledger,
  { checkpoint, head, guess }: Asked,
  { url, verifier }: Witness,
  { fetch: post = fetch, signal }: CosignOptions,
) {
  const witness = verifier.name;
  let old = guess;
  for (let conflicts = 0; ; conflicts++) {
    const proof = await consistencyPath(ledger, old, head.size, { signal });
    const answer: AddCheckpointAnswer = await addCheckpoint({ url, verifier, old, proof, checkpoint, post, signal });
    if (answer.kind !== 'conflict') return { witness, ...answer };
    if (answer.size > head.size)
      return {
        witness,
        kind: 'ahead',
        detail: `it has seen ${answer.size} leaves, the ledger has ${head.size}`,
      } as const;
    if (conflicts === MAX_CONFLICTS)
      return {
        witness,
        kind: 'refused',
        detail: `it said ${conflicts + 1} times that it has seen another size`,
      } as const;
    old = answer.size;
  }
}

async function consistencyPath(
  ledger: Ledger,
  old: number,
  size: number,
  o: Abortable,
): Promise<readonly Uint8Array[]> {
  if (old === 0) return [];
  const { path } = await ledger.proveConsistency(old, { to: size, ...o });
  return path.map((digest) => fromHex(hexOf(digest)));
}
