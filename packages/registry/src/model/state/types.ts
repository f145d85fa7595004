import type { Digest, Name } from '@millwright/core';
import type { ShardMap } from '@millwright/core/ledger';
import type { GatePolicy } from '../../evaluation/gate/policy.js';
import type { AliasPolicy } from '../policy/policy.js';
import type { AliasRecord, Approval, Deletion, Evidence, VersionOrigin } from '../types.js';

/** All models, as the fold keeps them. Only the projection changes it. */
export interface ModelsState {
  /** By id, deleted ones included. */
  readonly models: ShardMap<ModelState>;
  /** Names that models were given later, and the ids that they lead to. */
  readonly names: Map<string, string>;
  /** Rules by risk class, for models that have none of their own. */
  readonly riskPolicies: Map<string, PolicyState>;
  /** Made by the first search, kept up to date from then on. */
  catalogue: Catalogue | undefined;
  /** Events of this room that made no sense and were passed over: a malformed payload, a number taken, a move that the policy forbids. */
  readonly ignored: IgnoredEvent[];
}

/** What search looks at. */
export interface Catalogue {
  /** All versions of all models in the order of registration. */
  readonly versions: VersionState[];
  readonly index: VersionIndex;
}

/** An event that changed nothing. */
export interface IgnoredEvent {
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
  readonly type: string;
  readonly reason: string;
}

export interface ModelState {
  readonly id: Name;
  name: Name;
  /** What it was called before, oldest first. */
  formerNames: Name[];
  owner: string;
  risk: string;
  intendedUse: string;
  outOfScope: string;
  description: string;
  readonly tags: Map<string, string>;
  createdBy: string;
  createdAt: number;
  /** Of its creation, or of the creation that brought the name back. */
  eventIndex: number;
  readonly versions: VersionState[];
  readonly aliases: Map<string, AliasState>;
  policy: PolicyState | undefined;
  deleted: Deletion | undefined;
}

export interface PolicyState {
  readonly digest: Digest;
  readonly aliases: ReadonlyMap<string, AliasPolicy>;
  readonly gate: GatePolicy | undefined;
  readonly gateDigest: Digest | undefined;
  readonly guardians: readonly string[] | undefined;
  readonly setBy: string;
  readonly setAt: number;
  readonly eventIndex: number;
}

export interface AliasState {
  /** Where it points now. */
  target: VersionState | undefined;
  generation: number;
  readonly history: AliasRecord[];
  /** Versions that rolling back returns to, newest last; the current target is not among them. */
  readonly before: VersionState[];
}

export interface VersionState {
  readonly id: string;
  readonly model: ModelState;
  readonly number: number;
  readonly kind: string;
  readonly artifact: Digest;
  readonly size: number;
  readonly contract: Digest | undefined;
  readonly contractBlob: Digest | undefined;
  readonly features: Digest | undefined;
  readonly madeBy: string | undefined;
  readonly origin: VersionOrigin | undefined;
  readonly description: string;
  readonly metrics: ReadonlyMap<string, number>;
  readonly tags: Map<string, string>;
  readonly evidence: Evidence[];
  readonly approvals: Approval[];
  /** Aliases that point to it now. */
  readonly aliases: Set<string>;
  /** Aliases that have ever pointed to it. */
  readonly pastAliases: Set<string>;
  deprecated: boolean;
  retired: boolean;
  deleted: Deletion | undefined;
  /** More is known of it than its registration. */
  judged: boolean;
  readonly registeredBy: string;
  readonly registeredAt: number;
  readonly eventIndex: number;
}

/**
 * Where search looks before it looks at versions: for every tag, maker and registrant the versions that have it, for
 * every metric its values side by side. All lists are in the order of registration.
 */
export interface VersionIndex {
  readonly postings: Map<string, VersionState[]>;
  readonly metrics: Map<string, MetricColumn>;
}

/** Values of one metric, contiguous, so that a range is found without touching the versions. */
export interface MetricColumn {
  readonly versions: VersionState[];
  readonly values: number[];
  /** The versions whose value is a number, lowest first. Made by the first search in this order, kept up to date from then on. */
  ranked: RankedVersion[] | undefined;
}

export interface RankedVersion {
  readonly version: VersionState;
  readonly value: number;
}
