import type { Json } from '@millwright/core';
import { type Projection, shardMap, shardMapFrom } from '@millwright/core/ledger';
import { aliasFolds } from './alias-folds.js';
import { modelFolds } from './model-folds.js';
import { decodePolicy, encodePolicy, modelCodec, type StoredPolicyState } from './snapshot.js';
import type { IgnoredEvent, ModelsState } from './types.js';
import { versionFolds } from './version-folds.js';

/** Models, versions, aliases, evidence, approvals and policies as a fold of the ledger. */
export const modelsProjection: Projection<ModelsState> = {
  id: 'registry.models@3',
  init: () => ({
    models: shardMap(modelCodec),
    names: new Map(),
    riskPolicies: new Map(),
    catalogue: undefined,
    ignored: [],
  }),
  apply(state, event) {
    const fold = FOLDS.get(event.type);
    if (fold === undefined) return state;
    const reason = fold(state, event);
    if (reason !== undefined && state.ignored.length < MAX_IGNORED)
      state.ignored.push({ eventIndex: event.index, type: event.type, reason });
    return state;
  },
  fork: ({ models, names, riskPolicies, ignored }) => ({
    models: models.fork(),
    names: new Map(names),
    riskPolicies: new Map(riskPolicies),
    catalogue: undefined,
    ignored: [...ignored],
  }),
  snapshot: {
    encode: ({ models, names, riskPolicies, ignored }, aside) => ({
      models: models.encode(aside),
      names: [...names],
      riskPolicies: Array.from(riskPolicies, ([risk, policy]) => [risk, encodePolicy(policy)]),
      ignored: ignored.map((event) => ({ ...event })),
    }),
    decode(json, part) {
      const { models, names, riskPolicies, ignored } = json as StoredModels;
      return {
        models: shardMapFrom(modelCodec, models, part),
        names: new Map(names),
        riskPolicies: new Map(riskPolicies.map(([risk, policy]) => [risk, decodePolicy(policy)])),
        catalogue: undefined,
        ignored: [...ignored],
      };
    },
  },
};

interface StoredModels {
  readonly models: Json;
  readonly names: readonly (readonly [string, string])[];
  readonly riskPolicies: readonly (readonly [string, StoredPolicyState])[];
  readonly ignored: readonly IgnoredEvent[];
}

/** How many ignored events are remembered for an audit. */
const MAX_IGNORED = 1_000;

const FOLDS = new Map([...modelFolds, ...versionFolds, ...aliasFolds]);
