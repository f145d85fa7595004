import type { JsonObject } from '@millwright/core';
import type { ShardCodec } from '@millwright/core/ledger';
import { type Figure, fromFigure, toFigure } from '../../figure.js';
import { pruned } from '../../pruned.js';
import { referenceId } from '../../reference.js';
import type { AliasPolicy } from '../policy/policy.js';
import type { AliasRecord, Approval, Evidence, EvidenceMetric } from '../types.js';
import type { AliasState, ModelState, PolicyState, VersionState } from './types.js';

/** A model with its versions, as a checkpoint keeps it: versions by number, nothing that follows from something else. */
export const modelCodec: ShardCodec<ModelState> = {
  encode({ tags, versions, aliases, policy, ...facts }) {
    return {
      ...pruned(facts),
      tags: [...tags],
      versions: versions.map(encodeVersion),
      aliases: Array.from(aliases, ([name, alias]) => [name, encodeAlias(alias)]),
      ...(policy === undefined ? {} : { policy: encodePolicy(policy) }),
    };
  },
  decode(json) {
    const { tags, versions, aliases, policy, ...facts } = json as StoredModel;
    const model: ModelState = {
      ...facts,
      tags: new Map(tags),
      versions: [],
      aliases: new Map(),
      policy: policy && decodePolicy(policy),
      deleted: facts.deleted,
    };
    for (const version of versions) model.versions.push(decodeVersion(version, model));
    for (const [name, alias] of aliases) model.aliases.set(name, decodeAlias(alias, model));
    return model;
  },
  copy: copyModel,
};

/** As by way of `encode`, some ten times faster: every group of commands copies the models that it changes. */
function copyModel(model: ModelState): ModelState {
  const copy: ModelState = { ...model, tags: new Map(model.tags), versions: [], aliases: new Map() };
  for (const version of model.versions)
    copy.versions.push({
      ...version,
      model: copy,
      tags: new Map(version.tags),
      evidence: [...version.evidence],
      approvals: [...version.approvals],
      aliases: new Set(version.aliases),
      pastAliases: new Set(version.pastAliases),
    });
  const sameIn = ({ number }: VersionState) => copy.versions[number - 1]!;
  for (const [name, { target, generation, history, before }] of model.aliases)
    copy.aliases.set(name, {
      target: target && sameIn(target),
      generation,
      history: [...history],
      before: before.map(sameIn),
    });
  return copy;
}

type Entries<V> = readonly (readonly [string, V])[];

type StoredModel = Omit<ModelState, 'tags' | 'versions' | 'aliases' | 'policy'> & {
  readonly tags: Entries<string>;
  readonly versions: readonly StoredVersion[];
  readonly aliases: Entries<StoredAlias>;
  readonly policy?: StoredPolicyState;
};

export type StoredPolicyState = Omit<PolicyState, 'aliases'> & { readonly aliases: Entries<AliasPolicy> };

interface StoredAlias {
  readonly target?: number;
  readonly generation: number;
  readonly history: readonly AliasRecord[];
  readonly before: readonly number[];
}

/** What most versions do not have is left out. */
type StoredVersion = Omit<VersionState, 'id' | 'model' | Sparse> & {
  readonly metrics?: Entries<Figure>;
  readonly tags?: Entries<string>;
  readonly evidence?: readonly (Omit<Evidence, 'metrics'> & { readonly metrics: readonly StoredMetric[] })[];
  readonly approvals?: readonly Approval[];
  readonly aliases?: readonly string[];
  readonly pastAliases?: readonly string[];
  readonly description?: string;
  readonly deprecated?: true;
  readonly retired?: true;
  readonly judged?: true;
};

type Sparse =
  | 'metrics'
  | 'tags'
  | 'evidence'
  | 'approvals'
  | 'aliases'
  | 'pastAliases'
  | 'description'
  | 'deprecated'
  | 'retired'
  | 'judged';

type StoredMetric = Omit<EvidenceMetric, 'value'> & { readonly value: Figure };

const ABSENT = {
  deleted: undefined,
  contract: undefined,
  contractBlob: undefined,
  features: undefined,
  madeBy: undefined,
  origin: undefined,
};
const ABSENT_POLICY = { gate: undefined, gateDigest: undefined, guardians: undefined };
const ABSENT_MOVE = { version: undefined, from: undefined, policy: undefined, plan: undefined };

function encodeVersion(version: VersionState): JsonObject {
  const { id: _, model: __, metrics, tags, evidence, approvals, aliases, pastAliases, ...rest } = version;
  const { description, deprecated, retired, judged, ...facts } = rest;
  return pruned({
    ...facts,
    metrics: full(Array.from(metrics, ([name, value]) => [name, toFigure(value, name)])),
    tags: full([...tags]),
    evidence: full(evidence.map(encodeEvidence)),
    approvals: full(approvals.map(pruned)),
    aliases: full([...aliases]),
    pastAliases: full([...pastAliases]),
    description: description === '' ? undefined : description,
    deprecated: deprecated || undefined,
    retired: retired || undefined,
    judged: judged || undefined,
  });
}

function decodeVersion(stored: StoredVersion, model: ModelState): VersionState {
  const { metrics = [], tags = [], evidence = [], approvals = [], aliases = [], pastAliases = [], ...rest } = stored;
  const { description = '', deprecated = false, retired = false, judged = false, ...facts } = rest;
  return {
    ...ABSENT,
    ...facts,
    id: referenceId(model.id, stored.number),
    model,
    metrics: new Map(metrics.map(([name, figure]) => [name, fromFigure(figure)])),
    tags: new Map(tags),
    evidence: evidence.map((e) => ({ ...e, metrics: e.metrics.map((m) => ({ ...m, value: fromFigure(m.value) })) })),
    approvals: [...approvals],
    aliases: new Set(aliases),
    pastAliases: new Set(pastAliases),
    description,
    deprecated,
    retired,
    judged,
  };
}

function encodeEvidence({ metrics, ...evidence }: Evidence): JsonObject {
  return { ...pruned(evidence), metrics: metrics.map((m) => pruned({ ...m, value: toFigure(m.value, m.metric) })) };
}

function encodeAlias({ target, generation, history, before }: AliasState): JsonObject {
  return pruned({
    target: target?.number,
    generation,
    history: history.map(pruned),
    before: before.map((version) => version.number),
  });
}

function decodeAlias({ target, generation, history, before }: StoredAlias, { versions }: ModelState): AliasState {
  return {
    target: target === undefined ? undefined : versions[target - 1],
    generation,
    history: history.map((record) => ({ ...ABSENT_MOVE, ...record })),
    before: before.map((number) => versions[number - 1]!),
  };
}

export function encodePolicy({ aliases, ...policy }: PolicyState): JsonObject {
  return pruned({ ...policy, aliases: [...aliases] });
}

export function decodePolicy({ aliases, ...policy }: StoredPolicyState): PolicyState {
  return { ...ABSENT_POLICY, ...policy, aliases: new Map(aliases) };
}

function full<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
