import type { Digest, EvidenceNote, Name } from '@millwright/core';

/** What may go wrong with the model, in the words of its owner's risk policy. */
export type RiskClass = 'minimal' | 'limited' | 'high' | (string & {});

/** A model as a product: what it is for and who answers for it. Its versions are the things that run. */
export interface RegisteredModel {
  /** The name that it was created under. Its versions are `id@1`, `id@2`, …, whatever it is called later. */
  readonly id: Name;
  /** What it is called now. */
  readonly name: Name;
  /** What it was called before: these names keep leading to it. */
  readonly formerNames: readonly Name[];
  readonly owner: string;
  readonly risk: RiskClass;
  readonly intendedUse: string;
  readonly outOfScope: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdBy: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The highest number that a version was given, deleted ones and those of an earlier life of the name included. */
  readonly versions: number;
  /** Where each alias points: `{ champion: 'flight-delay@3' }`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/**
 * Where a version stands, derived from what the ledger holds about it, so that it cannot contradict the facts:
 * `retired` and `deprecated` are said by people; `serving` = an alias points to it; `approved` = at least one approval
 * stands; `validated` = it has evidence and the newest of every kind passes; else `registered`.
 */
export type VersionStage = 'registered' | 'validated' | 'approved' | 'serving' | 'deprecated' | 'retired';

/** An immutable version of a model. */
export interface ModelVersion {
  /** `name@number` */
  readonly id: string;
  /** Its node in the lineage graph. */
  readonly node: string;
  /** `id` of the model. */
  readonly model: Name;
  /** Dense, from 1. */
  readonly number: number;
  /** What kind of artifact it is: `model`, `prompt`, `index`, `judge`. */
  readonly kind: string;
  readonly stage: VersionStage;
  /** Digest of the artifact's manifest. */
  readonly artifact: Digest;
  /** Bytes of all files. */
  readonly size: number;
  readonly contract?: Digest | undefined;
  /** Digest of the feature definitions that it was trained on. */
  readonly features?: Digest | undefined;
  /** Id of the run that made it. */
  readonly madeBy?: string | undefined;
  readonly description: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly approvals: readonly Approval[];
  /** Where it was registered first, when it was imported with a passport. */
  readonly origin?: VersionOrigin | undefined;
  readonly registeredBy: string;
  /** Milliseconds since 1970. */
  readonly registeredAt: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** A judgement about a version, as it stands in the ledger. */
export interface Evidence extends EvidenceNote {
  /** Digest of the rules that it was judged by. */
  readonly policy?: Digest | undefined;
  /** Blob with the whole report. */
  readonly record?: Digest | undefined;
  readonly sentence: string;
  readonly metrics: readonly EvidenceMetric[];
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** A figure that a report states, for all rows or for a slice of them. */
export interface EvidenceMetric {
  readonly metric: string;
  readonly slice?: string | undefined;
  readonly value: number;
  readonly rows?: number | undefined;
}

/** Who approved a version, in which role and why. */
export interface Approval {
  readonly role: string;
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** One move of an alias: what it pointed to from then on, who did it, why, and on what evidence. */
export interface AliasRecord {
  readonly model: Name;
  readonly alias: string;
  /** Undefined when the alias was removed. */
  readonly version: string | undefined;
  readonly from: string | undefined;
  /** Counts the moves of this alias, from 1. */
  readonly generation: number;
  readonly kind: 'move' | 'rollback' | 'removal';
  readonly reason: string;
  readonly evidence: readonly Digest[];
  /** Digest of the policy that allowed it; undefined when there was none. */
  readonly policy: Digest | undefined;
  /** Digest of the change plan that stood in for approvals; undefined when there was none, or none was needed. */
  readonly plan: Digest | undefined;
  /** The policy was overridden, and says who may. */
  readonly breakGlass: boolean;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Leaf of the ledger: `ledger.prove(eventIndex)` proves the move offline. */
  readonly eventIndex: number;
}

/** A tombstone: what it stands for is hidden from searches and cannot be used; the ledger keeps its history. */
export interface Deletion {
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** Where an imported version comes from. */
export interface VersionOrigin {
  readonly ledger: string;
  readonly version: string;
  readonly root: Digest;
  readonly size: number;
  /** Leaf of its registration there. */
  readonly eventIndex: number;
}
