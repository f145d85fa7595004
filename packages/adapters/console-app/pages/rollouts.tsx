import { Heading } from '../parts/heading.js';
import { RolloutStatusMark } from '../parts/rollout-status.js';
import { Time } from '../parts/text.js';
import { type Column, VirtualTable } from '../parts/virtual-table.js';
import { type Fresh, usePages } from '../resource.js';
import { to } from '../router.js';
import type { RolloutSummary } from './rollout.js';

/** Every rollout, the newest first. */
export function RolloutsPage() {
  const pages = usePages<RolloutSummary>('rollouts?', FRESH);
  return (
    <>
      <Heading title="Rollouts" />
      <VirtualTable
        caption="Rollouts"
        columns={COLUMNS}
        pages={pages}
        keyOf={FRESH.keyOf}
        empty="Nothing has been rolled out."
      />
    </>
  );
}

const FRESH: Fresh<RolloutSummary> = { everyMs: 5_000, keyOf: ({ id }) => id };

const COLUMNS: readonly Column<RolloutSummary>[] = [
  { label: 'Challenger', cell: ({ id, challenger }) => <a href={to('rollouts', id)}>{challenger}</a> },
  { label: 'Status', width: '12em', cell: (rollout) => <RolloutStatusMark of={rollout} /> },
  { label: 'Champion', minor: true, cell: ({ champion }) => champion },
  { label: 'By', minor: true, cell: ({ author }) => author },
  { label: 'Started', minor: true, width: '10em', cell: ({ submittedAt }) => <Time at={submittedAt} /> },
];
