import { type NoteVerifier, verifyNote } from './note.js';
import { parseTreeHead, type TreeHead } from './tlog-checkpoint.js';

/** Whose signatures a head must have. */
export interface VerifyHeadOptions {
  /** Keys that are trusted to sign heads of this log. */
  readonly verifiers: readonly NoteVerifier[];
  /** The log that it must be. Without it any log that the keys sign will do. */
  readonly origin?: string | undefined;
  /** How many different keys of the log must have signed. Default 1. */
  readonly need?: number | undefined;
  /** Who else must have seen the head: without witnesses a log can show different histories to different readers. */
  readonly witnesses?: WitnessQuorum | undefined;
}

/** Which witnesses are trusted, and how many of them must have signed. */
export interface WitnessQuorum {
  readonly verifiers: readonly NoteVerifier[];
  /** How many of them. Default all. */
  readonly need?: number | undefined;
}

/** The signed head, or why it is not believed. */
export type HeadVerdict =
  | {
      readonly ok: true;
      readonly head: TreeHead;
      /** Names of the trusted keys that signed: the log's, then the witnesses'. */
      readonly signers: readonly string[];
      /** When each witness signed, milliseconds since 1970. */
      readonly cosignedAt: ReadonlyMap<string, number>;
    }
  | { readonly ok: false; readonly reason: string };

/** Checks a signed head (C2SP tlog-checkpoint): trusted keys of the log signed it, and enough witnesses saw it. */
export async function verifyTreeHead(checkpoint: string, options: VerifyHeadOptions): Promise<HeadVerdict> {
  const { verifiers, origin, need, witnesses } = options;
  const log = await verifyNote(checkpoint, verifiers, { need });
  if (!log.ok) return log;
  const head = parseTreeHead(log.text);
  if (head === undefined) return { ok: false, reason: 'the signed text is no tree head' };
  if (origin !== undefined && head.origin !== origin)
    return { ok: false, reason: `it is a head of the log ${head.origin}` };
  if (witnesses === undefined) return { ok: true, head, signers: log.signers, cosignedAt: log.cosignedAt };
  const seen = await verifyNote(checkpoint, witnesses.verifiers, {
    need: witnesses.need ?? witnesses.verifiers.length,
  });
  if (!seen.ok) return { ok: false, reason: `witnesses: ${seen.reason}` };
  return { ok: true, head, signers: [...log.signers, ...seen.signers], cosignedAt: seen.cosignedAt };
}
