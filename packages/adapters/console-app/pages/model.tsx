import type { AliasRecord, ModelVersion, RegisteredModel } from '@millwright/registry';
import { useEffect, useState } from 'preact/hooks';
import { get, path } from '../api.js';
import { AliasTimeline } from '../parts/alias-timeline.js';
import { Heading } from '../parts/heading.js';
import { Failure, Waiting } from '../parts/states.js';
import { Facts, Figure, Tags, Time } from '../parts/text.js';
import { type Column, VirtualTable } from '../parts/virtual-table.js';
import { usePages, useResource } from '../resource.js';
import { to } from '../router.js';

/** A model: what it is for, where its aliases pointed, and its versions. */
export function ModelPage({ name }: { readonly name: string }) {
  const { data: model, error } = useResource<RegisteredModel>(path('models', name));
  if (error !== undefined) return <Failure error={error} />;
  if (model === undefined) return <Waiting />;
  return (
    <>
      <Heading title={model.name} about={model.intendedUse} />
      <Facts
        of={[
          ['Owner', model.owner],
          ['Risk', model.risk],
          ['Not for', model.outOfScope],
          ['About', model.description],
          ['Formerly', model.formerNames.join(', ')],
          ['Created', <Time key="t" at={model.createdAt} />],
        ]}
      />
      <Tags of={model.tags} />
      <Aliases model={model} />
      <section aria-labelledby="versions">
        <h2 id="versions">Versions</h2>
        <Versions model={model} />
      </section>
    </>
  );
}

function Aliases({ model }: { readonly model: RegisteredModel }) {
  const names = Object.keys(model.aliases);
  const [moves, setMoves] = useState<readonly (readonly [string, readonly AliasRecord[]])[]>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    const gone = new AbortController();
    const histories = names.map(async (alias) => {
      const { items } = await get<{ readonly items: readonly AliasRecord[] }>(
        path('models', model.id, 'aliases', alias, 'history'),
        gone.signal,
      );
      return [alias, items] as const;
    });
    Promise.all(histories).then(setMoves, (failed: Error) => gone.signal.aborted || setError(failed));
    return () => gone.abort();
  }, [model.id, names.join()]);
  if (names.length === 0) return null;
  return (
    <section aria-labelledby="aliases">
      <h2 id="aliases">Aliases</h2>
      {error !== undefined && <Failure error={error} />}
      {moves !== undefined && (
        <>
          <AliasTimeline aliases={moves} now={Date.now()} />
          <Moves of={moves.flatMap(([, records]) => records)} />
        </>
      )}
    </section>
  );
}

/** At first the latest; all of them on demand. */
const SHOWN = 8;

function Moves({ of }: { readonly of: readonly AliasRecord[] }) {
  const [all, setAll] = useState(false);
  const newest = of.toSorted((a, b) => b.eventIndex - a.eventIndex);
  const shown = all ? newest : newest.slice(0, SHOWN);
  return (
    <>
      <ol class="moments" reversed>
        {shown.map(({ alias, version, kind, reason, by, time, breakGlass, eventIndex }) => (
          <li key={eventIndex} class={kind === 'rollback' ? 'bad' : ''}>
            <Time at={time} />
            <p>
              <strong>{alias}</strong> {kind === 'rollback' ? 'back to' : kind === 'removal' ? 'removed' : 'to'}{' '}
              {version !== undefined && <a href={to('versions', version)}>{version}</a>}
              <span class="detail">
                {by}: {reason}
                {breakGlass && ' (against the policy)'}
              </span>
            </p>
          </li>
        ))}
      </ol>
      {newest.length > SHOWN && !all && (
        <button type="button" onClick={() => setAll(true)}>
          All {newest.length} moves
        </button>
      )}
    </>
  );
}

const STAGES = ['registered', 'validated', 'approved', 'serving', 'deprecated', 'retired'] as const;

function Versions({ model }: { readonly model: RegisteredModel }) {
  const [stage, setStage] = useState('');
  const [order, setOrder] = useState('newest');
  const query = new URLSearchParams({ model: model.id, order, ...(stage === '' ? {} : { stage }) });
  const pages = usePages<ModelVersion>(`versions?${query}`);
  return (
    <>
      <div class="filters">
        <label>
          <span>Stage</span>
          <select value={stage} onChange={(event) => setStage(event.currentTarget.value)}>
            <option value="">any</option>
            {STAGES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          <span>Order</span>
          <select value={order} onChange={(event) => setOrder(event.currentTarget.value)}>
            <option>newest</option>
            <option>oldest</option>
          </select>
        </label>
      </div>
      <VirtualTable
        caption={`Versions of ${model.name}`}
        columns={COLUMNS}
        pages={pages}
        keyOf={({ id }) => id}
        total={stage === '' ? model.versions : undefined}
        empty="No version is like that."
      />
    </>
  );
}

const COLUMNS: readonly Column<ModelVersion>[] = [
  {
    label: 'Version',
    width: '5.5em',
    cell: ({ id, number }) => (
      <a href={to('versions', id)} aria-label={id}>
        {number}
      </a>
    ),
  },
  {
    label: 'Stage',
    cell: ({ stage, aliases }) => (aliases.length === 0 ? stage : `${stage} as ${aliases.join(', ')}`),
  },
  {
    label: 'Metrics',
    width: '26%',
    minor: true,
    cell: ({ metrics }) =>
      Object.entries(metrics)
        .slice(0, 3)
        .map(([name, value]) => (
          <span key={name} class="metric">
            {name} <Figure value={value} />
          </span>
        )),
  },
  { label: 'By', minor: true, width: '14%', cell: ({ registeredBy }) => registeredBy },
  { label: 'Registered', width: '9.5em', cell: ({ registeredAt }) => <Time at={registeredAt} /> },
];
