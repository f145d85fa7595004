import type { Abortable } from '../foundation/abort.js';
import { decodeUtf8 } from '../foundation/bytes.js';
import { type Digest, parseDigest } from '../foundation/digest.js';
import type { Ledger } from '../ledger/types.js';
import { collect } from '../storage/body.js';
import type { BlobStore, HintSlot } from '../storage/types.js';
import { digestsIn, RELEASES } from './projection.js';

export interface MarkOptions extends Abortable {
  /** The ledger's hint slot: the checkpoint that it names is kept. */
  readonly hint?: HintSlot | undefined;
  /** Blobs that something outside the ledger needs. */
  readonly keep?: Iterable<Digest> | undefined;
}

/** What the ledger wants to keep, followed as the ledger grows. */
export interface Marker {
  /** Everything that is wanted up to the ledger's head. Reads only what is new since the last time. */
  wanted(): Promise<ReadonlySet<Digest>>;
}

/**
 * Wanted is every digest in any event, what a wanted blob mentions in its text, such as a manifest its files, and
 * whatever is under legal hold. `blobs.released`, erasures and expired segments take it back.
 */
export function marker(ledger: Ledger, blobs: BlobStore, options: MarkOptions): Marker {
  const { hint, keep = [], signal } = options;
  const named = new Set<Digest>();
  const held = new Map<Digest, Set<string>>();
  const mentions = new Map<Digest, readonly Digest[]>();
  const kept = [...keep].map((digest) => parseDigest(digest, 'keep'));
  let from = 0;

  const readOn = async () => {
    for await (const { type, data, index } of ledger.read({ from, signal })) {
      from = index + 1;
      if (type.startsWith('blobs.') && type !== 'blobs.released') continue;
      const reason = String(data['reason']);
      for (const digest of digestsIn(data)) {
        if (RELEASES.has(type)) named.delete(digest);
        else if (type === 'hold.placed') held.set(digest, (held.get(digest) ?? new Set()).add(reason));
        else if (type === 'hold.released') held.get(digest)?.delete(reason);
        else named.add(digest);
      }
    }
  };

  return {
    async wanted() {
      await readOn();
      const wanted = new Set([...named, ...kept]);
      for (const [digest, reasons] of held) if (reasons.size > 0) wanted.add(digest);
      // A set visits what is added while it is walked, so this follows references to any depth.
      for (const digest of wanted) {
        const found = mentions.get(digest) ?? (await mentionedBy(blobs, digest, { signal }));
        if (found !== undefined) mentions.set(digest, found);
        for (const each of found ?? []) wanted.add(each);
      }
      // A checkpoint repeats what the ledger says: its parts are wanted, but it keeps nothing that the ledger has released.
      for (const checkpoint of digestsIn((await hint?.get({ signal })) ?? '')) {
        wanted.add(checkpoint);
        for (const part of (await mentionedBy(blobs, checkpoint, { signal })) ?? []) wanted.add(part);
      }
      return wanted;
    },
  };
}

/** The digests in a blob's text, none when it is no JSON; undefined when it is not here. */
async function mentionedBy(
  blobs: BlobStore,
  digest: Digest,
  { signal }: Abortable,
): Promise<readonly Digest[] | undefined> {
  const stat = await blobs.stat(digest, { signal });
  if (stat === undefined) return undefined;
  if (stat.size > MAX_TEXT_BYTES) return [];
  const start = await blobs.get(digest, { range: { start: 0, end: 1 }, signal });
  const first = start && (await collect(start))[0];
  if (first !== BRACE && first !== BRACKET) return [];
  const body = await blobs.get(digest, { signal });
  if (body === undefined) return undefined;
  const bytes = await collect(body);
  try {
    return digestsIn(decodeUtf8(bytes));
  } catch {
    return [];
  }
}

const BRACE = 0x7b;
const BRACKET = 0x5b;
/** Larger blobs are weights and data; a manifest is never larger. */
const MAX_TEXT_BYTES = 32 * 1_048_576;
