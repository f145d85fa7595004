import type { VerifiedArtifact } from '../artifact/types.js';
import type { Contract } from '../contract/types.js';
import type { Ledger, LedgerView, NewEvent } from '../ledger/types.js';
import type { Abortable } from './abort.js';
import type { Digest } from './digest.js';
import type { DecisionId } from './ids.js';
import type { Verdict } from './verdict.js';

/** What comes with a request besides its input. */
export interface RequestContext extends Abortable {
  /** Who or what the request is for (a user, a device, an aircraft): the unit of sticky routing and of statistics. */
  readonly unit?: string | undefined;
  /** Other identities of the unit, such as the anonymous id from before a login: for an endpoint with a sticky store. */
  readonly formerUnits?: readonly string[] | undefined;
  /** Absolute deadline in milliseconds of the clock that the endpoint was given. */
  readonly deadlineAt?: number | undefined;
  /** Under load, `high` requests get four times the time of `normal` ones, and those four times that of `low` ones. Default `normal`. */
  readonly priority?: 'high' | 'normal' | 'low' | undefined;
  /** Under load, the tenants of a priority get the same time, however many requests each has. */
  readonly tenant?: string | undefined;
  /** Facts that routing may look at (region, contract version, allow lists). Never hashed into the arm. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly decisionId?: DecisionId | undefined;
  /** `none`: a copy whose answer nobody gets (a shadow). Whoever answers must not write, charge or tell anybody. */
  readonly effects?: 'none' | undefined;
}

/** What routers route: a model, a prompt, a retrieval index, a remote service. */
export interface Predictor<I, O> {
  predict(input: I, context: RequestContext): Promise<O>;
}

/** A model version that has been found and whose files are verified as they are read. */
export interface ResolvedModel {
  /** `name@version`, for people and logs. */
  readonly id: string;
  readonly digest: Digest;
  readonly artifact: VerifiedArtifact;
  readonly contract: Contract | undefined;
}

/** Where a model comes from: a registry alias, a folder, a signed manifest at a URL. */
export interface ModelSource {
  resolve(options?: Abortable): Promise<ResolvedModel>;
  /** The model each time it changes, starting with the next change. */
  watch?(options?: Abortable): AsyncIterable<ResolvedModel>;
}

/** A request to point an alias at a version, with the evidence that speaks for it. */
export interface AliasMove {
  readonly model: string;
  readonly alias: string;
  /** `name@version` */
  readonly version: string;
  readonly reason: string;
  /** Digests of the evidence records. */
  readonly evidence: readonly Digest[];
  /** Evidence that comes with the move: attached to the version in the same commit, and counted by the policy. */
  readonly attach?: readonly EvidenceNote[] | undefined;
  /** Back to where the alias pointed before: asks for no evidence and no approval. */
  readonly rollback?: boolean | undefined;
}

/** What a judgement about a version leaves in the ledger. */
export interface EvidenceNote {
  /** What was examined: `gate`, `validation`, `rollout`, `vetting` or another word that a policy asks for. */
  readonly kind: string;
  readonly verdict: Verdict;
  /** Of the report that says how the verdict came about. */
  readonly digest: Digest;
  /** One line for people. */
  readonly sentence?: string | undefined;
}

/**
 * What a rollout needs from a registry: the ledger that both write to, and the events that move an alias. The rollout
 * commits them together with its own, so that traffic and alias can never disagree.
 */
export interface RolloutTarget {
  readonly ledger: Ledger;
  /** The model that an alias or a version names, ready to load. */
  source(model: string, aliasOrVersion: string): ModelSource;
  /** The events of the move, checked against the alias policy inside the commit. @throws `registry/denied` */
  moveAlias(view: LedgerView, move: AliasMove): readonly NewEvent[];
}
