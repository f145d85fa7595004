import * as z from 'zod/mini';
import type { Abortable } from '../foundation/abort.js';
import { decodeUtf8 } from '../foundation/bytes.js';
import { invalidInput } from '../foundation/errors.js';
import { openPayload, type PayloadRef, sealPayload } from '../ledger/payload.js';
import type { BlobStore } from '../storage/types.js';

/** Who acts, when it is not the ledger's own actor. */
export interface Acting extends Abortable {
  readonly actor?: string | undefined;
  /**
   * What people write about people: kept beside the ledger, which holds a salted commitment to it, and erased by `redact`
   * while every proof stays. Needs `blobs`. Questions and reasons, in contrast, stay in the ledger for ever.
   */
  readonly note?: string | undefined;
}

/** A reference to a note, as events hold it. */
export const noteSchema = z.optional(
  z.custom<PayloadRef>(
    (value) => typeof value === 'object' && value !== null && typeof (value as PayloadRef).commitment === 'string',
  ),
);

/** Stores the note of an act and returns what its event holds of it. @throws `input/invalid` without a blob store */
export async function sealNote(
  blobs: BlobStore | undefined,
  { note, signal }: Acting,
): Promise<{ readonly note?: PayloadRef }> {
  if (note === undefined) return {};
  return { note: await sealPayload(withBlobs(blobs), note, { class: 'note', signal }) };
}

/** The text of a note, or undefined when it was erased. @throws `storage/corrupt`, `input/invalid` without a blob store */
export async function openNote(
  blobs: BlobStore | undefined,
  ref: PayloadRef,
  options?: Abortable,
): Promise<string | undefined> {
  const bytes = await openPayload(withBlobs(blobs), ref, options);
  return bytes && decodeUtf8(bytes);
}

function withBlobs(blobs: BlobStore | undefined): BlobStore {
  if (blobs === undefined) throw invalidInput('blobs', 'the blob store in which notes are kept', blobs);
  return blobs;
}
