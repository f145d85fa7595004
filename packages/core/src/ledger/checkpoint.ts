import type { Abortable } from '../foundation/abort.js';
import { decodeUtf8, encodeUtf8, fromHex, toHex } from '../foundation/bytes.js';
import { canonicalJson, type Json } from '../foundation/canonical-json.js';
import { type Digest, digestBytes, parseDigest, toDigest } from '../foundation/digest.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { type CommitId, type LedgerId, parseId } from '../foundation/ids.js';
import { collect } from '../storage/body.js';
import type { BlobStore, LogStore, OpenBlob } from '../storage/types.js';
import type { ChainReader, ResumePoint } from './chain-reader.js';
import { decodeCommit } from './commit-codec.js';
import type { FoldSlot } from './fold.js';
import { idempotencyWindow, type KeyedOutcome } from './idempotency.js';
import { merkleTree } from './merkle-tree.js';
import { decodeState, encodeState } from './snapshot.js';
import type { Projection } from './types.js';

/**
 * A state checkpoint: everything a reader knows at one place, as content-addressed blobs. It saves time and carries no
 * authority: it must agree with the log at its place, every part has a digest, and whatever is wrong with it only costs
 * reading the ledger from the beginning. `verify` never looks at it.
 */
interface CheckpointBody {
  readonly format: typeof CHECKPOINT_FORMAT;
  readonly ledgerId: LedgerId;
  readonly seq: number;
  readonly commitId: CommitId;
  readonly size: number;
  readonly root: Digest;
  readonly time: number;
  /** Hexadecimal roots of the complete subtrees, largest first. */
  readonly range: readonly string[];
  readonly readerFeatures: readonly string[];
  readonly writerFeatures: readonly string[];
  /** Digest of the idempotency keys. */
  readonly keys: Digest;
  /** Digest of each projection's state. States that have not changed share a blob with the checkpoint before. */
  readonly states: readonly StateEntry[];
}

interface StateEntry {
  readonly id: string;
  readonly digest: Digest;
  readonly faults: number;
  /** Blob with the parts that are read when they are needed. */
  readonly parts?: Digest | undefined;
}

const CHECKPOINT_FORMAT = 'millwright.checkpoint/1';
const MAX_PART_BYTES = 512 * 1_048_576;

/** Stores a checkpoint at the reader's place. @throws `input/invalid` when a projection has no `snapshot` */
export async function writeCheckpoint(
  blobs: BlobStore,
  log: LogStore,
  reader: ChainReader,
  options: Abortable = {},
): Promise<Digest> {
  const { position, tree, protocol, keys } = reader;
  // All of the state is taken before the first await: the reader may go on afterwards.
  const range = tree.range().map(toHex);
  const keysJson: Json = keys.entries().map(([key, o]) => [key, o.seq, o.commitId, o.time, o.firstIndex, o.count]);
  const encoded = [...reader.settled.slots.values()].map(({ projection, state, faults }) => {
    if (projection.snapshot === undefined)
      throw invalidInput('projections', 'projections that have a `snapshot`', projection.id);
    return { id: projection.id, faults, ...encodeState(projection, state) };
  });

  const states: StateEntry[] = [];
  for (const { id, faults, head, parts } of encoded) {
    const digest = await putBytes(blobs, head, options);
    if (parts.byteLength === 0) states.push({ id, faults, digest });
    else states.push({ id, faults, digest, parts: await putBytes(blobs, parts, options) });
  }
  const body: CheckpointBody = {
    format: CHECKPOINT_FORMAT,
    ledgerId: position.ledgerId!,
    seq: position.seq,
    commitId: await commitIdAt(log, position.seq, options),
    size: position.size,
    root: position.root,
    time: position.time,
    range,
    readerFeatures: protocol.readerFeatures,
    writerFeatures: protocol.writerFeatures,
    keys: await putBytes(blobs, encodeUtf8(canonicalJson(keysJson)), options),
    states,
  };
  return putBytes(blobs, encodeUtf8(canonicalJson(body)), options);
}

/** Where a reader can go on, with the states of its projections. */
export interface LoadedCheckpoint {
  readonly point: ResumePoint;
  readonly slots: readonly FoldSlot[];
  /** The state of another projection at the same place, if the checkpoint has one that can be used. */
  load(projection: Projection<unknown>, options?: Abortable): Promise<FoldSlot | undefined>;
}

/**
 * Loads a checkpoint for these projections, or nothing: when a blob is missing or damaged, when it lacks one of the
 * projections, or when the log has something else at its place.
 */
export async function loadCheckpoint(
  digest: string,
  { blobs, log, projections, signal }: LoadCheckpointOptions,
): Promise<LoadedCheckpoint | undefined> {
  try {
    const body = parseBody(await getJson(blobs, parseDigest(digest), { signal }));
    const { ledgerId, seq, size, root, time, readerFeatures, writerFeatures } = body;
    await checkAgainstLog(log, body, { signal });
    const range = body.range.map(fromHex);
    if (toDigest(merkleTree({ size, hashes: range }).root()) !== root) return undefined;
    const load = async (projection: Projection<unknown>, o: Abortable): Promise<FoldSlot | undefined> => {
      const stored = body.states.find(({ id }) => id === projection.id);
      if (stored === undefined || projection.snapshot === undefined) return undefined;
      const head = await getBytes(blobs, stored.digest, o);
      const parts = stored.parts === undefined ? NO_PARTS : await openParts(blobs, parseDigest(stored.parts), o);
      const state = decodeState(projection, head, parts);
      return { projection, state, faults: stored.faults };
    };
    const slots = await Promise.all(projections.map((projection) => load(projection, { signal })));
    if (!slots.every((slot) => slot !== undefined)) return undefined;
    const keys = idempotencyWindow();
    for (const [key, outcome] of parseKeys(await getJson(blobs, body.keys, { signal }))) keys.restore(key, outcome);
    const position = { seq, size, root, time, ledgerId };
    return {
      point: { position, range, keys, protocol: { readerFeatures, writerFeatures } },
      slots,
      load: (projection, o = {}) => load(projection, o).catch(() => undefined),
    };
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

export interface LoadCheckpointOptions extends Abortable {
  readonly blobs: BlobStore;
  readonly log: LogStore;
  readonly projections: readonly Projection<unknown>[];
}

/** The commit at the checkpoint's place must be the one that it says, with the frame that its root and size ask for. */
async function checkAgainstLog(log: LogStore, body: CheckpointBody, options: Abortable): Promise<void> {
  for await (const stored of log.read({ from: body.seq, limit: 1 }, options)) {
    const { frame, sections } = decodeCommit(body.seq, stored.bytes, 0);
    const { root, size } = JSON.parse(frame) as { readonly root?: unknown; readonly size?: unknown };
    const { ledgerId, commitId, time } = sections[0]!.info;
    if (stored.seq === body.seq && stored.commitId === body.commitId && commitId === body.commitId)
      if (root === body.root && size === body.size && ledgerId === body.ledgerId && time === body.time) return;
  }
  throw unusable('the log says otherwise');
}

async function commitIdAt(log: LogStore, seq: number, options: Abortable): Promise<CommitId> {
  for await (const { commitId } of log.read({ from: seq, limit: 1 }, options)) return commitId;
  throw unusable(`commit ${seq} is not in the log`);
}

function parseBody(json: Json): CheckpointBody {
  const body = json as Partial<CheckpointBody> | null;
  if (body?.format !== CHECKPOINT_FORMAT) throw unusable('it is no checkpoint');
  parseId<LedgerId>(body.ledgerId, 'ledgerId');
  parseId<CommitId>(body.commitId, 'commitId');
  parseDigest(body.root);
  parseDigest(body.keys);
  for (const count of [body.seq, body.size, body.time])
    if (!Number.isSafeInteger(count)) throw unusable('a count is no integer');
  for (const list of [body.range, body.readerFeatures, body.writerFeatures])
    if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) throw unusable('a list is damaged');
  if (!Array.isArray(body.states)) throw unusable('its states are damaged');
  return body as CheckpointBody;
}

function* parseKeys(json: Json): Generator<readonly [string, KeyedOutcome]> {
  if (!Array.isArray(json)) throw unusable('its keys are damaged');
  for (const row of json as readonly (readonly [string, number, CommitId, number, number, number])[]) {
    const [key, seq, commitId, time, firstIndex, count] = row;
    if (typeof key !== 'string' || ![seq, time, firstIndex, count].every(Number.isSafeInteger))
      throw unusable('its keys are damaged');
    yield [key, { seq, commitId: parseId<CommitId>(commitId, 'commitId'), time, firstIndex, count }];
  }
}

async function putBytes(blobs: BlobStore, bytes: Uint8Array, { signal }: Abortable): Promise<Digest> {
  const digest = digestBytes(bytes);
  if ((await blobs.stat(digest, { signal })) === undefined)
    await blobs.put(digest, bytes, { size: bytes.length, signal });
  return digest;
}

const NO_PARTS: OpenBlob = { size: 0, read: () => new Uint8Array() };

/** The blob, open; where the store cannot, all of it in memory, checked. */
async function openParts(blobs: BlobStore, digest: Digest, options: Abortable): Promise<OpenBlob> {
  if (blobs.open !== undefined) {
    const blob = await blobs.open(digest, options);
    if (blob === undefined) throw unusable('a part is missing');
    return blob;
  }
  const bytes = await getBytes(blobs, digest, options);
  return { size: bytes.byteLength, read: ({ start, end }) => bytes.subarray(start, end) };
}

async function getJson(blobs: BlobStore, digest: Digest, options: Abortable): Promise<Json> {
  return JSON.parse(decodeUtf8(await getBytes(blobs, digest, options))) as Json;
}

async function getBytes(blobs: BlobStore, digest: Digest, options: Abortable): Promise<Uint8Array> {
  const stat = await blobs.stat(digest, options);
  if (stat === undefined || stat.size > MAX_PART_BYTES) throw unusable('a part is missing or too large');
  const body = await blobs.get(digest, options);
  const bytes = body && (await collect(body));
  if (bytes === undefined || digestBytes(bytes) !== digest) throw unusable('a part is damaged');
  return bytes;
}

function unusable(reason: string): MillwrightError<'state/precondition'> {
  return new MillwrightError('state/precondition', `The checkpoint cannot be used: ${reason}.`, {
    details: { what: 'checkpoint', expected: 'a checkpoint of this ledger', actual: reason },
  });
}
