import { type CommitId, type Digest, digestBytes, encodeUtf8, MillwrightError, parseId } from '@millwright/core';
import { checkCommit, type LogHead, MAX_COMMIT_BYTES, type StoredCommit } from '@millwright/core/storage';

/**
 * A commit as one self-describing file or object: a line of text (`head -1` shows it), then the commit's bytes.
 *
 * ```
 * millwright-commit 1 <seq> <commit id> <length of the bytes> <digest>
 * ```
 *
 * The digest covers the line's own facts and the bytes, so that no flipped, missing or added byte goes unnoticed.
 * @throws `input/invalid`, `input/too-large`
 */
export function encodeCommit(commit: StoredCommit): Uint8Array {
  checkCommit(commit, MAX_COMMIT_BYTES);
  parseId<CommitId>(commit.commitId, 'commitId');
  const header = encodeUtf8(`${MAGIC} ${facts(commit)} ${commitDigest(commit)}\n`);
  const frame = new Uint8Array(header.byteLength + commit.bytes.byteLength);
  frame.set(header);
  frame.set(commit.bytes, header.byteLength);
  return frame;
}

/** The commit in a frame that was found in place `seq`. @throws `ledger/corrupt` when it is anything else */
export function decodeCommit(frame: Uint8Array, seq: number): StoredCommit {
  const { end, line } = firstLine(frame, seq);
  // A plain array also of a Buffer, whose `slice` would share memory.
  const bytes = new Uint8Array(frame.buffer, frame.byteOffset + end + 1, frame.byteLength - end - 1);
  const commit = { seq, commitId: line[2] as CommitId, bytes };
  if (commit.bytes.byteLength !== Number(line[3]))
    throw corrupt(seq, `${commit.bytes.byteLength} bytes where ${line[3]} were written`);
  if (commitDigest(commit) !== line[4]) throw corrupt(seq, 'the bytes do not have the digest they were written with');
  return commit;
}

/** Whose frame it is, by its first line, unchecked otherwise. @throws `ledger/corrupt` */
export function decodeHeader(start: Uint8Array, seq: number): LogHead {
  return { seq, commitId: firstLine(start, seq).line[2] as CommitId };
}

/** The error of a log whose place `seq` holds something else than the commit that was written there. */
export function corrupt(seq: number, reason: string, cause?: unknown): MillwrightError<'ledger/corrupt'> {
  return new MillwrightError('ledger/corrupt', `Commit ${seq} cannot be read: ${reason}.`, {
    details: { seq, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

const MAGIC = 'millwright-commit 1';
const NEWLINE = 10;
/** The first line ends before. */
export const MAX_HEADER_BYTES = 200;
const HEADER = new RegExp(
  `^${MAGIC} ([1-9][0-9]{0,15}) ([0-7][0-9A-HJKMNP-TV-Z]{25}) (0|[1-9][0-9]{0,9}) (sha256:[0-9a-f]{64})$`,
);

function firstLine(frame: Uint8Array, seq: number): { readonly end: number; readonly line: RegExpExecArray } {
  const end = frame.subarray(0, MAX_HEADER_BYTES).indexOf(NEWLINE);
  const line = end < 0 ? null : HEADER.exec(String.fromCharCode(...frame.subarray(0, end)));
  if (line === null) throw corrupt(seq, `${frame.byteLength} bytes without a commit's first line`);
  if (Number(line[1]) !== seq) throw corrupt(seq, `commit ${line[1]} lies in its place`);
  return { end, line };
}

function facts({ seq, commitId, bytes }: StoredCommit): string {
  return `${seq} ${commitId} ${bytes.byteLength}`;
}

function commitDigest(commit: StoredCommit): Digest {
  const prefix = encodeUtf8(`${facts(commit)}\n`);
  const all = new Uint8Array(prefix.byteLength + commit.bytes.byteLength);
  all.set(prefix);
  all.set(commit.bytes, prefix.byteLength);
  return digestBytes(all);
}
