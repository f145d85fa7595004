import type { Digest } from '@millwright/core';
import { act, type CommandOptions, type RegistryDoors } from '../../doors.js';
import type { GatePolicy } from '../../evaluation/gate/policy.js';
import { replayedOutcome, setPolicy, setRiskPolicy } from '../command/alias-commands.js';
import { existingModel } from '../command/refusal.js';
import { refuseDenied } from '../models.js';
import { modelsProjection } from '../state/projection.js';
import { policyOf } from '../state/state.js';
import type { PolicyState } from '../state/types.js';
import type { RiskClass } from '../types.js';
import type { AliasPolicy, ModelPolicy } from './policy.js';

/** The rules that each model's aliases and gates follow. */
export interface Policies {
  /** Replaces the rules of a model. @throws `state/not-found`, `input/invalid`, `registry/denied` for those who are no guardians */
  set(
    model: string,
    policy: ModelPolicy,
    options?: { readonly reason?: string | undefined } & CommandOptions,
  ): Promise<StoredPolicy>;
  /** The rules that a model follows: its own, else those of its risk class, else undefined. @throws `state/not-found` */
  get(model: string): StoredPolicy | undefined;
  /**
   * Replaces the rules of a risk class: models of this class follow them until they get rules of their own. Only its
   * guardians may then give a model other rules, or another risk class.
   * @throws `input/invalid`, `registry/denied` for those who are no guardians
   */
  setForRisk(
    risk: RiskClass,
    policy: ModelPolicy,
    options?: { readonly reason?: string | undefined } & CommandOptions,
  ): Promise<StoredPolicy>;
  forRisk(risk: RiskClass): StoredPolicy | undefined;
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
  /** Milliseconds since 1970. */
  readonly setAt: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

export function policies(doors: RegistryDoors): Policies {
  const { ledger } = doors;
  const get = (model: string) => {
    const state = ledger.state(modelsProjection);
    const policy = policyOf(state, existingModel(state, model));
    return policy && toPolicy(policy);
  };
  return {
    async set(model, policy, options = {}) {
      refuseDenied(await act(doors, setPolicy(model, policy, options.reason ?? ''), options, replayedOutcome));
      return get(model)!;
    },
    get,
    async setForRisk(risk, policy, options = {}) {
      refuseDenied(await act(doors, setRiskPolicy(risk, policy, options.reason ?? ''), options, replayedOutcome));
      return toPolicy(ledger.state(modelsProjection).riskPolicies.get(risk)!);
    },
    forRisk(risk) {
      const policy = ledger.state(modelsProjection).riskPolicies.get(risk);
      return policy && toPolicy(policy);
    },
  };
}

function toPolicy(policy: PolicyState): StoredPolicy {
  return { ...policy, aliases: Object.fromEntries(policy.aliases) };
}
