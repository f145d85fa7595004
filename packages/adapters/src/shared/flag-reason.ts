import { type CompiledPolicy, isStale } from '@millwright/serving/routing';

/** How a policy came to an arm, in the words that OpenFeature and OpenTelemetry share. */
export type FlagReason = 'split' | 'targeting_match' | 'static' | 'stale' | 'disabled';

/** A choice by hash is a split; one that an override or a store made is a match. Stale: the policy was not confirmed for a while. */
export function flagReason(
  policy: CompiledPolicy,
  { share, sticky }: { readonly share: number; readonly sticky: boolean },
  now: number,
): FlagReason {
  if (policy.killed) return 'disabled';
  if (isStale(policy, now)) return 'stale';
  if (policy.arms.length === 1) return 'static';
  return share === 1 && !sticky ? 'targeting_match' : 'split';
}
