import { decodeUtf8, encodeUtf8 } from '../foundation/bytes.js';
import { canonicalJson, type Json } from '../foundation/canonical-json.js';
import { type Digest, digestBytes, parseDigest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { ByteRange, OpenBlob } from '../storage/types.js';
import type { Projection, SnapshotPart } from './types.js';

/** A state as bytes: the pieces that the projection put aside, one after the other, and the rest. */
export interface EncodedState {
  readonly head: Uint8Array;
  /** Empty when nothing was put aside. */
  readonly parts: Uint8Array;
}

/** Encodes a state for a checkpoint. A piece that was loaded and never changed is copied, not made again. */
export function encodeState<S>({ snapshot }: Projection<S>, state: S): EncodedState {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const aside = (piece: Json | SnapshotPart): Json => {
    const bytes = piece instanceof StoredPart ? piece.bytes() : encodeUtf8(canonicalJson(piece));
    pieces.push(bytes);
    size += bytes.byteLength;
    return [size - bytes.byteLength, size, digestBytes(bytes)];
  };
  const head = encodeUtf8(canonicalJson(snapshot!.encode(state, aside)));
  const parts = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    parts.set(piece, at);
    at += piece.byteLength;
  }
  return { head, parts };
}

/** The state of a head whose digest has been checked. Pieces that were put aside are read, and checked, when they are asked for. */
export function decodeState<S>({ snapshot }: Projection<S>, head: Uint8Array, parts: OpenBlob): S {
  const part = (reference: Json): SnapshotPart => {
    const [start, end, digest] = Array.isArray(reference) ? reference : [];
    if (!isCount(start) || !isCount(end) || start > end || end > parts.size) throw noPart(reference);
    return new StoredPart(parts, { start, end }, parseDigest(digest));
  };
  return snapshot!.decode(JSON.parse(decodeUtf8(head)), part);
}

/** A copy of a state by way of its snapshot, without bytes in between. */
export function copyState<S>({ snapshot }: Projection<S>, state: S): S {
  const pieces: SnapshotPart[] = [];
  const aside = (piece: Json | SnapshotPart): Json =>
    pieces.push(piece instanceof StoredPart ? piece : { json: () => piece as Json }) - 1;
  return snapshot!.decode(snapshot!.encode(state, aside), (reference) => {
    const piece = pieces[Number(reference)];
    if (piece === undefined) throw noPart(reference);
    return piece;
  });
}

class StoredPart implements SnapshotPart {
  readonly #blob: OpenBlob;
  readonly #range: ByteRange;
  readonly #digest: Digest;

  constructor(blob: OpenBlob, range: ByteRange, digest: Digest) {
    this.#blob = blob;
    this.#range = range;
    this.#digest = digest;
  }

  /** @throws `storage/corrupt` */
  bytes(): Uint8Array {
    const bytes = this.#blob.read(this.#range);
    const actual = digestBytes(bytes);
    if (actual === this.#digest) return bytes;
    throw new MillwrightError(
      'storage/corrupt',
      `A part of the checkpoint was changed: expected ${this.#digest}, got ${actual}. Open the ledger without its hint; it is folded from the beginning.`,
      { details: { digest: this.#digest, actual } },
    );
  }

  json(): Json {
    return JSON.parse(decodeUtf8(this.bytes())) as Json;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function noPart(reference: Json): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `The snapshot has no part ${JSON.stringify(reference)}.`, {
    details: { what: 'snapshot part', id: JSON.stringify(reference) },
  });
}
