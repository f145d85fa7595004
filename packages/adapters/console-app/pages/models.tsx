import type { RegisteredModel } from '@millwright/registry';
import { useState } from 'preact/hooks';
import { Heading } from '../parts/heading.js';
import { Time } from '../parts/text.js';
import { type Column, VirtualTable } from '../parts/virtual-table.js';
import { usePages } from '../resource.js';
import { to } from '../router.js';

/** Every model, newest first, found by a part of its name. */
export function ModelsPage() {
  const [wanted, setWanted] = useState('');
  const pages = usePages<RegisteredModel>(
    `models?${wanted === '' ? '' : `nameContains=${encodeURIComponent(wanted)}`}`,
  );
  return (
    <>
      <Heading title="Models">
        <label class="search">
          <span>Find a model</span>
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value.trim())} />
        </label>
      </Heading>
      <VirtualTable
        caption="Models"
        columns={COLUMNS}
        pages={pages}
        keyOf={({ id }) => id}
        empty={wanted === '' ? 'No model has been registered.' : 'No model has this in its name.'}
      />
    </>
  );
}

const COLUMNS: readonly Column<RegisteredModel>[] = [
  { label: 'Model', cell: ({ id, name }) => <a href={to('models', id)}>{name}</a> },
  {
    label: 'Champion',
    width: '24%',
    cell: ({ aliases: { champion } }) =>
      champion === undefined ? '–' : <a href={to('versions', champion)}>{champion}</a>,
  },
  { label: 'Versions', width: '6.5em', numeric: true, cell: ({ versions }) => versions },
  { label: 'Owner', minor: true, cell: ({ owner }) => owner },
  { label: 'Risk', minor: true, width: '7em', cell: ({ risk }) => risk },
  { label: 'Created', minor: true, width: '10em', cell: ({ createdAt }) => <Time at={createdAt} /> },
];
