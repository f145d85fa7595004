import { fromBase64, toBase64 } from '../foundation/bytes.js';
import { HASH_BYTES, leafHash } from './merkle-hash.js';
import { includes, MAX_PROOF_HASHES } from './merkle-proof.js';
import type { TreeHead } from './tlog-checkpoint.js';
import { type VerifyHeadOptions, verifyTreeHead } from './tree-head.js';

/** A `.tlog-proof` file (C2SP tlog-proof v1), taken apart. */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** Signed note of the tree head. */
  readonly checkpoint: string;
  /** We put the entry here; the inclusion proof is what authenticates it. */
  readonly extra?: Uint8Array | undefined;
}

const MAGIC = 'c2sp.org/tlog-proof@v1';
const MAX_PROOF_BYTES = 262_144;

/** The text of a proof, as C2SP tlog-proof writes it. */
export function formatTlogProof({ index, path, checkpoint, extra }: TlogProof): string {
  const lines = [MAGIC];
  if (extra !== undefined) lines.push(`extra ${toBase64(extra)}`);
  lines.push(`index ${index}`, ...path.map(toBase64));
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Reads a proof file without trusting it; undefined when it is none. */
export function parseTlogProof(text: string): TlogProof | undefined {
  if (text.length > MAX_PROOF_BYTES) return undefined;
  const split = text.indexOf('\n\n');
  if (split < 0) return undefined;
  const lines = text.slice(0, split).split('\n');
  const checkpoint = text.slice(split + 2);
  if (lines.shift() !== MAGIC) return undefined;
  let extra: Uint8Array | undefined;
  if (lines[0]?.startsWith('extra ') === true) {
    extra = fromBase64(lines.shift()!.slice('extra '.length));
    if (extra === undefined) return undefined;
  }
  const digits = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (digits === undefined || lines.length > MAX_PROOF_HASHES) return undefined;
  const path: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) return undefined;
    path.push(hash);
  }
  return { index: Number(digits), path, checkpoint, extra };
}

/** Whose head is believed, and which entry the proof must be about. */
export interface VerifyProofOptions extends VerifyHeadOptions {
  /** The entry's exact bytes; default what the proof carries. */
  readonly entry?: Uint8Array | undefined;
}

/** The proven entry, or why the proof is not believed. */
export type ProofVerdict =
  | {
      readonly ok: true;
      readonly entry: Uint8Array;
      readonly index: number;
      readonly head: TreeHead;
      /** Names of the trusted keys that signed: the log's, then the witnesses'. */
      readonly signers: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

/** Checks a proof file offline: a trusted key signed the head, and the entry is in the tree that it names. */
export async function verifyTlogProof(text: string, options: VerifyProofOptions): Promise<ProofVerdict> {
  const proof = parseTlogProof(text);
  if (proof === undefined) return { ok: false, reason: 'it is no tlog-proof' };
  const entry = options.entry ?? proof.extra;
  if (entry === undefined) return { ok: false, reason: 'the proof carries no entry; give it' };
  const signed = await verifyTreeHead(proof.checkpoint, options);
  if (!signed.ok) return signed;
  const { head, signers } = signed;
  const { index, path } = proof;
  if (!includes({ index, size: head.size, leaf: leafHash(entry), path, root: head.root }))
    return { ok: false, reason: 'the entry is not in the tree' };
  return { ok: true, entry, index, head, signers };
}
