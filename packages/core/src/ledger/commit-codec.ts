import { decodeUtf8, encodeUtf8 } from '../foundation/bytes.js';
import { canonicalJson, type JsonObject, MAX_JSON_DEPTH } from '../foundation/canonical-json.js';
import type { Digest } from '../foundation/digest.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import type { CommitId, LedgerId } from '../foundation/ids.js';
import { defined } from '../foundation/options.js';
import { MAX_COMMIT_BYTES } from '../storage/memory-log.js';
import type { ActorAssurance, NewEvent } from './types.js';

/**
 * A commit's bytes are lines of UTF-8: a frame, then the leaves. A leaf is the exact bytes of its line without the line
 * feed; canonical JSON holds no line feed. One append may carry several callers' commands; each is a section, which is
 * one commit-info leaf and the `count` event leaves after it. The frame is not hashed and everything in it can be
 * recomputed from the leaves; it is there so that a reader finds out early, and can say where, when something is wrong.
 */
export const COMMIT_FORMAT = 'millwright.commit/1';
/** An entry bundle of tlog-tiles has 16-bit lengths. */
export const MAX_ENTRY_BYTES = 65_535;
/** How many events one commit may hold. */
export const MAX_COMMIT_EVENTS = 256;
const MAX_LEAVES = 2 * MAX_COMMIT_EVENTS;

/** The first leaf of every section: who, when, and how many events follow. */
export interface CommitInfo {
  readonly v: 1;
  readonly ledgerId: LedgerId;
  readonly commitId: CommitId;
  readonly time: number;
  readonly actor: string;
  readonly actorAssurance: ActorAssurance;
  readonly idempotencyKey?: string | undefined;
  /** Digest of the policy under which the command was decided. */
  readonly policy?: Digest | undefined;
  readonly count: number;
}

/** One caller's part of a commit. `events[0]` is the leaf after the info. */
export interface Section {
  readonly info: CommitInfo;
  readonly events: readonly NewEvent[];
}

/** What the frame says, and what it must equal. */
export interface Frame {
  readonly seq: number;
  readonly prevSize: number;
  readonly prevRoot: Digest;
  readonly size: number;
  readonly root: Digest;
  /** The first 8 hexadecimal digits of each leaf hash: they find the damaged leaf. The root is what protects. */
  readonly check: readonly string[];
}

export interface DecodedCommit {
  /** The frame's line as stored; compare it with `encodeFrame` of what was recomputed. */
  readonly frame: string;
  /** Exact bytes of each leaf. */
  readonly leaves: readonly Uint8Array[];
  readonly sections: readonly Section[];
}

/** The bytes of an event's leaf. @throws `input/not-json`, `ledger/too-large` */
export function encodeEvent(event: NewEvent): Uint8Array {
  const { type, data, version, critical } = event;
  if (version !== undefined && !isVersion(version)) throw invalidInput('version', 'a version from 1', version);
  // What is said by default is left out: one event has one leaf.
  const said = {
    ...(version === undefined || version === 1 ? {} : { version }),
    ...(critical === true ? { critical } : {}),
  };
  const bytes = encodeUtf8(canonicalJson({ data, type, ...said }));
  if (bytes.byteLength > MAX_ENTRY_BYTES)
    throw tooLarge(`event \`${event.type}\``, MAX_ENTRY_BYTES, bytes.byteLength, 'bytes');
  return bytes;
}

/** The bytes of a commit-info leaf. */
export function encodeInfo(info: CommitInfo): Uint8Array {
  return encodeUtf8(canonicalJson(defined(info)));
}

export function encodeFrame({ check, prevRoot, prevSize, root, seq, size }: Frame): string {
  // Canonical as it stands: the names are in order, and the values are integers and hexadecimal digits.
  return JSON.stringify({ check, format: COMMIT_FORMAT, prevRoot, prevSize, root, seq, size });
}

/** How the frame abbreviates a leaf hash. */
export function checkOf(hash: Uint8Array): string {
  return HEX_BYTES[hash[0]!]! + HEX_BYTES[hash[1]!]! + HEX_BYTES[hash[2]!]! + HEX_BYTES[hash[3]!]!;
}

const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The bytes to store. @throws `ledger/too-large` */
export function encodeCommit(frame: string, leaves: readonly Uint8Array[]): Uint8Array {
  const head = encodeUtf8(frame);
  const size = leaves.reduce((sum, leaf) => sum + leaf.byteLength + 1, head.byteLength + 1);
  if (size > MAX_COMMIT_BYTES) throw tooLarge('commit', MAX_COMMIT_BYTES, size, 'bytes');
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const line of [head, ...leaves]) {
    bytes.set(line, offset);
    offset += line.byteLength;
    bytes[offset++] = LINE_FEED;
  }
  return bytes;
}

/**
 * Takes a commit's bytes apart without trusting them. Hashes are the caller's to check. `firstIndex` is the index of its
 * first leaf in the tree, for messages.
 * @throws `ledger/corrupt` for anything that is not a commit
 */
export function decodeCommit(seq: number, bytes: Uint8Array, firstIndex: number): DecodedCommit {
  if (bytes.byteLength > MAX_COMMIT_BYTES)
    throw corrupt(seq, `it has ${bytes.byteLength} bytes, the limit is ${MAX_COMMIT_BYTES}`);
  if (bytes.at(-1) !== LINE_FEED) throw corrupt(seq, 'its last line does not end');
  const lines = decodeText(seq, bytes, firstIndex).split('\n');
  const frame = lines[0]!;
  const count = lines.length - 2;
  if (count < 1 || count > MAX_LEAVES) throw corrupt(seq, `it has ${count} leaves, expected 1 to ${MAX_LEAVES}`);

  const leaves: Uint8Array[] = [];
  let start = bytes.indexOf(LINE_FEED) + 1;
  for (let i = 0; i < count; i++) {
    const end = bytes.indexOf(LINE_FEED, start);
    if (end - start > MAX_ENTRY_BYTES)
      throw corrupt(seq, `it has ${end - start} bytes, the limit is ${MAX_ENTRY_BYTES}`, { index: firstIndex + i });
    leaves.push(bytes.subarray(start, end));
    start = end + 1;
  }

  const sections: Section[] = [];
  for (let i = 1; i <= count; ) {
    const index = firstIndex + i - 1;
    const info = parseInfo(seq, index, lines[i]!);
    if (i + info.count > count) throw corrupt(seq, 'it announces more events than follow', { index });
    const events: NewEvent[] = [];
    for (let k = 1; k <= info.count; k++) events.push(parseEvent(seq, index + k, lines[i + k]!));
    sections.push({ info, events });
    i += 1 + info.count;
  }
  return { frame, leaves, sections };
}

/** @param where the leaf's index in the tree, when the damage can be told so exactly, and the underlying error */
export function corrupt(
  seq: number,
  reason: string,
  where: { readonly index?: number | undefined; readonly cause?: unknown } = {},
): MillwrightError<'ledger/corrupt'> {
  const { index, cause } = where;
  const leaf = index === undefined ? '' : `, leaf ${index},`;
  return new MillwrightError('ledger/corrupt', `Commit ${seq}${leaf} of the ledger is damaged: ${reason}.`, {
    details: { seq, index, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function tooLarge(
  what: string,
  limit: number,
  received: number,
  unit: string,
): MillwrightError<'ledger/too-large'> {
  return new MillwrightError(
    'ledger/too-large',
    `Expected the ${what} to have at most ${limit} ${unit}, got ${received}. Put large content into a blob and write its digest.`,
    { details: { limit, received } },
  );
}

const LINE_FEED = 10;

function decodeText(seq: number, bytes: Uint8Array, firstIndex: number): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw corrupt(seq, 'it is not UTF-8', { index: firstBadLeaf(bytes, firstIndex), cause });
  }
}

/** The leaf that is not UTF-8; undefined when it is the frame. */
function firstBadLeaf(bytes: Uint8Array, firstIndex: number): number | undefined {
  let start = 0;
  for (let line = 0; start < bytes.byteLength; line++) {
    const end = bytes.indexOf(LINE_FEED, start);
    try {
      decodeUtf8(bytes.subarray(start, end));
    } catch {
      return line === 0 ? undefined : firstIndex + line - 1;
    }
    start = end + 1;
  }
  return undefined;
}

function parseInfo(seq: number, index: number, line: string): CommitInfo {
  const value = parseObject(seq, index, line);
  const wrong = Object.entries(INFO_MEMBERS).find(([name, holds]) => !holds(value[name]))?.[0];
  if (wrong !== undefined) throw corrupt(seq, `it is no commit info, \`${wrong}\` is wrong`, { index });
  return value as JsonObject & CommitInfo;
}

const INFO_MEMBERS: Readonly<Record<keyof CommitInfo, (value: unknown) => boolean>> = {
  v: (value) => value === 1,
  ledgerId: isText,
  commitId: isText,
  time: Number.isSafeInteger,
  actor: isText,
  actorAssurance: isText,
  idempotencyKey: (value) => value === undefined || isText(value),
  policy: (value) => value === undefined || isText(value),
  count: (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_COMMIT_EVENTS,
};

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function parseEvent(seq: number, index: number, line: string): NewEvent {
  const { type, data, version, critical } = parseObject(seq, index, line);
  if (typeof type !== 'string' || typeof data !== 'object' || data === null || Array.isArray(data))
    throw corrupt(seq, 'it is no event', { index });
  const plain = { type, data: data as JsonObject };
  if (version === undefined && critical === undefined) return plain;
  if ((version !== undefined && !isVersion(version)) || (critical !== undefined && critical !== true))
    throw corrupt(seq, 'it is no event, `version` or `critical` is wrong', { index });
  return { ...plain, ...defined({ version, critical }) };
}

function parseObject(seq: number, index: number, line: string): JsonObject {
  if (!isShallow(line)) throw corrupt(seq, `it nests deeper than ${MAX_JSON_DEPTH}`, { index });
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw corrupt(seq, 'it is not JSON', { index, cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw corrupt(seq, 'it is not a JSON object', { index });
  return value as JsonObject;
}

/** True when the text cannot nest too deep. Few lines hold more brackets than the limit, so few are walked. */
function isShallow(line: string): boolean {
  let brackets = 0;
  for (const bracket of ['[', '{'] as const) {
    for (let at = line.indexOf(bracket); at >= 0; at = line.indexOf(bracket, at + 1)) brackets++;
  }
  if (brackets <= MAX_JSON_DEPTH) return true;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '[' || c === '{') {
      if (++depth > MAX_JSON_DEPTH + 1) return false;
    } else if (c === ']' || c === '}') depth--;
  }
  return true;
}
