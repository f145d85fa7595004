import type { RolloutTarget } from '@millwright/core';
import type { LedgerView, NewEvent } from '@millwright/core/ledger';
import type { Plan } from './plan.js';
import type { RolloutState } from './state.js';

/** The events that move the alias as planned, with the evidence of the rollout; none when it stays. @throws what the registry refuses */
export function aliasEvents(
  target: RolloutTarget,
  view: LedgerView,
  { id, model, alias, champion, evidence }: RolloutState,
  { aliasTo }: Plan,
): readonly NewEvent[] {
  if (aliasTo === undefined) return [];
  const rollback = aliasTo === champion;
  const digest = evidence?.digest;
  const sentence = evidence?.evidence.because.sentence;
  return target.moveAlias(view, {
    model,
    alias,
    version: aliasTo,
    reason: `${rollback ? 'Rolled back by' : 'Promoted by'} rollout ${id}`,
    evidence: digest === undefined ? [] : [digest],
    attach: rollback || digest === undefined ? [] : [{ kind: 'rollout', verdict: 'pass', digest, sentence }],
    rollback,
  });
}
