import type { Digest } from '@millwright/core';
import { act, type CommandOptions, type RegistryDoors } from '../doors.js';
import type { GatePolicy } from '../evaluation/gate/policy.js';
import { replayedOutcome, setPolicy } from './alias-commands.js';
import { refuseDenied } from './models.js';
import type { AliasPolicy, ModelPolicy } from './policy.js';
import { modelsProjection } from './projection.js';
import { notFound } from './refusal.js';
import type { PolicyState } from './state.js';

/** The rules that each model's aliases and gates follow. */
export interface Policies {
  /** Replaces the rules of a model. @throws `state/not-found`, `input/invalid`, `registry/denied` for those who are no guardians */
  set(
    model: string,
    policy: ModelPolicy,
    options?: { readonly reason?: string | undefined } & CommandOptions,
  ): Promise<StoredPolicy>;
  /** The rules of a model, or undefined when it has none. @throws `state/not-found` */
  get(model: string): StoredPolicy | undefined;
}

/** Rules as they stand in the ledger. */
export interface StoredPolicy {
  readonly digest: Digest;
  readonly aliases: Readonly<Record<string, AliasPolicy>>;
  /** For `gate(report, policy.gate)`. */
  readonly gate: GatePolicy | undefined;
  readonly gateDigest: Digest | undefined;
  readonly guardians: readonly string[] | undefined;
  readonly setBy: string;
  readonly setAt: number;
  readonly eventIndex: number;
}

export function policies({ ledger }: RegistryDoors): Policies {
  const get = (model: string) => {
    const found = ledger.state(modelsProjection).models.get(model);
    if (found === undefined) throw notFound('model', model);
    return found.policy === undefined ? undefined : toPolicy(found.policy);
  };
  return {
    async set(model, policy, options = {}) {
      refuseDenied(await act(ledger, setPolicy(model, policy, options.reason ?? ''), options, replayedOutcome));
      return get(model)!;
    },
    get,
  };
}

function toPolicy(policy: PolicyState): StoredPolicy {
  return { ...policy, aliases: Object.fromEntries(policy.aliases) };
}
