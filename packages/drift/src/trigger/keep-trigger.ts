import { acknowledge, checkPolicy, QUIET, reduceTrigger } from './reduce.js';
import type { TriggerDecision, TriggerEvidence, TriggerPolicy, TriggerState } from './types.js';

/** A policy at work: what every monitor keeps between its decisions. */
export interface KeptTrigger {
  readonly state: TriggerState;
  /** @param now milliseconds since 1970 */
  decide(evidence: TriggerEvidence, now: number): TriggerDecision;
  /** A person has looked: a hold ends. */
  acknowledge(): void;
}

/** Goes on from `state`; default from the beginning. @throws `input/invalid` for a policy that cannot be */
export function keepTrigger(policy: TriggerPolicy | undefined, state: TriggerState = QUIET): KeptTrigger {
  const checked = checkPolicy(policy);
  let kept = state;
  return {
    get state() {
      return kept;
    },
    decide(evidence, now) {
      const step = reduceTrigger(checked, kept, evidence, now);
      kept = step.state;
      return step.decision;
    },
    acknowledge() {
      kept = acknowledge(kept);
    },
  };
}

/** Whether a decision asks somebody to do something. */
export function asksForAction({ action }: TriggerDecision): boolean {
  return action !== 'none' && action !== 'insufficient';
}
