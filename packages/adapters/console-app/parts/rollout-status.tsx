import { formatTick } from '../../src/html-report/format.js';
import type { RolloutSummary } from '../pages/rollout.js';

/** Where a rollout stands, as a sign and words. */
export function RolloutStatusMark({ of: { status, stage, stages, killed } }: { readonly of: RolloutSummary }) {
  const share = stages[Math.max(0, stage)];
  const back = status === 'rollingBack' || status === 'rolledBack';
  const words = killed && back ? `killed, ${WORDS[status]}` : WORDS[status];
  const at = RAMPING.has(status) && share !== undefined ? ` at ${formatTick(share, 'share')}` : '';
  return (
    <span class={`verdict ${back ? 'fail' : status === 'completed' ? 'pass' : ''}`}>
      <span aria-hidden="true">{back ? '↩' : status === 'completed' ? '✓' : status === 'paused' ? '‖' : '●'}</span>{' '}
      {words}
      {at}
    </span>
  );
}

const RAMPING: ReadonlySet<string> = new Set(['ramping', 'holding', 'paused', 'awaitingApproval']);

const WORDS: Readonly<Record<RolloutSummary['status'], string>> = {
  submitted: 'submitted',
  ramping: 'ramping',
  holding: 'under way',
  awaitingApproval: 'waits for approval',
  paused: 'paused',
  promoting: 'promoting',
  baking: 'promoted, baking',
  completed: 'completed',
  rollingBack: 'rolling back',
  rolledBack: 'rolled back',
  superseded: 'superseded',
};
