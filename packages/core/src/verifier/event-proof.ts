import { fromBase64, toBase64 } from '../foundation/bytes.js';
import { deflate, inflate } from '../foundation/deflate.js';
import { isRecord } from '../foundation/record.js';
import { HASH_BYTES, leafHash, sameHash } from './merkle-hash.js';
import { includes, MAX_PROOF_HASHES } from './merkle-proof.js';
import type { TreeHead } from './tlog-checkpoint.js';
import { parseTlogProof, verifyTlogProof } from './tlog-proof.js';
import type { VerifyHeadOptions } from './tree-head.js';

/** An event of a ledger, with everything that its proof shows. */
export interface ProvenEvent {
  readonly index: number;
  readonly type: string;
  /** Version of what `data` holds. */
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
  /** The command that wrote it, from the commit-info leaf, which is in the tree like the event. */
  readonly commit: ProvenCommit;
}

/** Who wrote an event, when and under which policy, as the proof shows. */
export interface ProvenCommit {
  readonly ledgerId: string;
  readonly commitId: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  /** `asserted`: the writer said so; `signed`, `server`: established. */
  readonly actorAssurance: string;
  readonly idempotencyKey?: string | undefined;
  /** Digest of the policy that allowed it. */
  readonly policy?: string | undefined;
}

/** The proven event, or why the proof is not believed. */
export type EventVerdict =
  | {
      readonly ok: true;
      readonly event: ProvenEvent;
      readonly head: TreeHead;
      readonly signers: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Checks a `.tlog-proof` of `exportProof` offline: a trusted key signed the head, the event is in its tree, and so is the
 * commit info that says who wrote it, when and under which policy.
 */
export async function verifyEventProof(text: string, options: VerifyHeadOptions): Promise<EventVerdict> {
  const proof = parseTlogProof(text);
  const extra = proof && (await parseEventExtra(proof.extra, proof.path));
  if (extra === undefined) return { ok: false, reason: 'it is no proof of an event' };
  const verdict = await verifyTlogProof(text, { ...options, entry: extra.entry });
  if (!verdict.ok) return verdict;
  const { index, head, signers } = verdict;
  const { infoIndex, infoPath: path } = extra;
  if (!includes({ index: infoIndex, size: head.size, leaf: leafHash(extra.info), path, root: head.root }))
    return { ok: false, reason: 'the commit info is not in the tree' };
  const event = parseObject(extra.entry);
  const info = parseObject(extra.info);
  const { type, data, version = 1 } = event ?? {};
  if (typeof type !== 'string' || typeof version !== 'number' || !isRecord(data))
    return { ok: false, reason: 'the leaf is no event' };
  const commit = info && parseCommit(info);
  // An event cannot pass for a commit info: events have a type, commit infos have none.
  if (commit === undefined || 'type' in info!) return { ok: false, reason: 'the leaf above it is no commit info' };
  const count = Number(info!['count']);
  if (!(infoIndex < index && index <= infoIndex + count))
    return { ok: false, reason: 'the commit info is of other events' };
  return { ok: true, event: { index, type, version, data, commit }, head, signers };
}

/** What `exportProof` puts into a proof beside the event's path. */
export interface EventExtra {
  readonly entry: Uint8Array;
  readonly info: Uint8Array;
  readonly infoIndex: number;
  readonly infoPath: readonly Uint8Array[];
}

/**
 * Three lines: the event's leaf, the commit info's leaf, and the index of the latter with its path. The two are neighbours,
 * so their paths end alike; what the event's path has already is not repeated. Deflated, because digests are hexadecimal.
 */
export async function formatEventExtra(
  { entry, info, infoIndex, infoPath }: EventExtra,
  path: readonly Uint8Array[],
): Promise<Uint8Array> {
  let shared = 0;
  while (shared < Math.min(path.length, infoPath.length) && sameHash(path.at(-1 - shared)!, infoPath.at(-1 - shared)!))
    shared++;
  const own = infoPath.slice(0, infoPath.length - shared).map(toBase64);
  const last = new TextEncoder().encode([infoIndex, shared, ...own].join(' '));
  const extra = new Uint8Array(entry.length + info.length + last.length + 2);
  extra.set(entry);
  extra[entry.length] = LINE_FEED;
  extra.set(info, entry.length + 1);
  extra[entry.length + 1 + info.length] = LINE_FEED;
  extra.set(last, entry.length + info.length + 2);
  return deflate(extra);
}

const LINE_FEED = 10;
/** Two leaves of the largest size and a path. */
const MAX_EXTRA_BYTES = 2 * 65_535 + 8_192;

async function parseEventExtra(
  deflated: Uint8Array | undefined,
  path: readonly Uint8Array[],
): Promise<EventExtra | undefined> {
  const extra = deflated && (await inflate(deflated, MAX_EXTRA_BYTES));
  if (extra === undefined) return undefined;
  const first = extra.indexOf(LINE_FEED);
  const second = extra.indexOf(LINE_FEED, first + 1);
  if (first < 0 || second < 0) return undefined;
  const words = decode(extra.subarray(second + 1))?.split(' ') ?? [];
  const [infoIndex, shared] = words
    .slice(0, 2)
    .map((word) => (/^(?:0|[1-9][0-9]{0,15})$/.test(word) ? Number(word) : Number.NaN));
  const own = words.slice(2).map(fromBase64);
  if (infoIndex === undefined || shared === undefined || !(shared <= path.length)) return undefined;
  if (own.length > MAX_PROOF_HASHES || own.some((hash) => hash?.length !== HASH_BYTES)) return undefined;
  const infoPath = [...(own as Uint8Array[]), ...path.slice(path.length - shared)];
  return { entry: extra.subarray(0, first), info: extra.subarray(first + 1, second), infoIndex, infoPath };
}

function parseCommit(info: Readonly<Record<string, unknown>>): ProvenCommit | undefined {
  const { v, ledgerId, commitId, time, actor, actorAssurance, idempotencyKey, policy } = info;
  if (v !== 1 || typeof time !== 'number' || !isText(ledgerId) || !isText(commitId)) return undefined;
  if (!isText(actor) || !isText(actorAssurance)) return undefined;
  return {
    ledgerId,
    commitId,
    time,
    actor,
    actorAssurance,
    ...(isText(idempotencyKey) ? { idempotencyKey } : {}),
    ...(isText(policy) ? { policy } : {}),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(decode(bytes) ?? '');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
