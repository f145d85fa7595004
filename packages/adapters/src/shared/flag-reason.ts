import type { CompiledPolicy } from '@millwright/serving/routing';

/** How a policy came to an arm, in the words that OpenFeature and OpenTelemetry share. */
export type FlagReason = 'split' | 'targeting_match' | 'static' | 'disabled';

/** A choice by hash is a split; one that an override or a store made is a match. */
export function flagReason(
  { killed, arms }: CompiledPolicy,
  { share, sticky }: { readonly share: number; readonly sticky: boolean },
): FlagReason {
  if (killed) return 'disabled';
  if (arms.length === 1) return 'static';
  return share === 1 && !sticky ? 'targeting_match' : 'split';
}
