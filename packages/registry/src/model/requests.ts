import type { Digest, EvidenceNote } from '@millwright/core';
import type { FileSource, PutOptions } from '@millwright/core/artifact';
import type { Contract } from '@millwright/core/contract';
import type { BlobStore } from '@millwright/core/storage';
import type { CommandOptions } from '../doors.js';
import type { NodeLike, ReferenceLike } from '../reference.js';

/** The files of a version, what made it, and what is known of it. */
export interface NewVersion {
  readonly files: Readonly<Record<string, FileSource>>;
  /** How far storing the files has come. */
  readonly onProgress?: PutOptions['onProgress'];
  /** What it accepts and returns; stored with the version. */
  readonly contract?: Contract | undefined;
  /** The run that made it: itself or its id. */
  readonly madeBy?: ReferenceLike | undefined;
  /** What it was made from, when no run says it: datasets, other models. */
  readonly madeFrom?: readonly NodeLike[] | undefined;
  /** `model` (default), `prompt`, `index`, `judge`: everything with versions goes through the same line. */
  readonly kind?: string | undefined;
  /** Figures of the version, to find and order it by. They are no evidence. */
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly description?: string | undefined;
  /** The feature definitions that it was trained on: a feature set, or its digest. */
  readonly features?: Digest | { readonly digest: Digest } | undefined;
  /** Owner of the model, for its first version. */
  readonly owner?: string | undefined;
  /** Of the model, for its first version, as are the two below: `high`, for instance. */
  readonly risk?: string | undefined;
  readonly intendedUse?: string | undefined;
  readonly outOfScope?: string | undefined;
}

/** Why another registry's ledger is believed, and what the model is called here. */
export interface ImportOptions extends CommandOptions {
  /** The other ledger's root, from a source that is trusted: a signed head, a pinned value. */
  readonly trustedRoot: Digest;
  /** Where the files are. Default: they are in this registry's blob store already. */
  readonly from?: BlobStore | undefined;
  /** Name of the model here. Default: its name there. */
  readonly name?: string | undefined;
  /** Owner of the model here, for its first version. */
  readonly owner?: string | undefined;
}

/** In which role somebody approves, and why. */
export interface ApprovalRequest extends CommandOptions {
  readonly role: string;
  readonly reason: string;
}

/** A command that must say why. */
export interface ReasonOptions extends CommandOptions {
  readonly reason: string;
}

/** Why an alias moves, and on what evidence. */
export interface MoveOptions extends ReasonOptions {
  /** Digests of the evidence that speaks for the move, besides what the policy asks for. */
  readonly evidence?: readonly (Digest | { readonly digest: Digest })[] | undefined;
  /** Evidence to attach in the same commit. */
  readonly attach?: readonly EvidenceNote[] | undefined;
  /** Overrides the policy, where it names the actor. Recorded, and counted by the factory metrics. */
  readonly breakGlass?: boolean | undefined;
}
