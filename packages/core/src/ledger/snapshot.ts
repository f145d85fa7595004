import { canonicalJson, type Json } from '../foundation/canonical-json.js';
import { decodeUtf8, encodeUtf8 } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { Projection, SnapshotPart } from './types.js';

/** A state as bytes: the pieces that the projection put aside, one after the other, then the rest. */
export interface EncodedState {
  readonly bytes: Uint8Array;
  /** Where the rest begins. */
  readonly head: number;
}

/** Encodes a state for a checkpoint. A piece that was loaded and never changed is copied, not made again. */
export function encodeState<S>({ snapshot }: Projection<S>, state: S): EncodedState {
  const pieces: Uint8Array[] = [];
  let head = 0;
  const aside = (piece: Json | SnapshotPart): Json => {
    const bytes = piece instanceof StoredPart ? piece.bytes : encodeUtf8(canonicalJson(piece));
    pieces.push(bytes);
    head += bytes.byteLength;
    return [head - bytes.byteLength, bytes.byteLength];
  };
  const rest = encodeUtf8(canonicalJson(snapshot!.encode(state, aside)));
  const bytes = new Uint8Array(head + rest.byteLength);
  let at = 0;
  for (const piece of [...pieces, rest]) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return { bytes, head };
}

/** The state of bytes whose digest has been checked. Pieces that were put aside stay bytes until they are asked for. */
export function decodeState<S>({ snapshot }: Projection<S>, { bytes, head }: EncodedState): S {
  const part = (reference: Json): SnapshotPart => {
    const [start, length] = Array.isArray(reference) ? reference : [];
    if (!isCount(start) || !isCount(length) || start + length > head) throw noPart(reference);
    return new StoredPart(bytes.subarray(start, start + length));
  };
  return snapshot!.decode(JSON.parse(decodeUtf8(bytes.subarray(head))) as Json, part);
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
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  json(): Json {
    return JSON.parse(decodeUtf8(this.bytes)) as Json;
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
