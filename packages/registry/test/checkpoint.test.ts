import { seededRandom } from '@millwright/core';
import { toJson } from '@millwright/core/lineage';
import { type LogStore, memoryHint, type Storage } from '@millwright/core/storage';
import { expect, test } from 'vitest';
import { openRegistry, type Registry } from '../src/index.js';
import { desk, files, neighbour, withVersions } from './desk.js';
import { story } from './governance/story.js';

/** Everything that people ask a registry. */
function answers(registry: Registry) {
  const models = registry.models.list().items;
  return {
    head: registry.ledger.head,
    models,
    versions: models.map(({ name }) => registry.models.versions(name)),
    search: [
      { tags: { team: '*' } },
      { metrics: { auc: { atLeast: 0.7 } } },
      { stage: 'serving' as const },
      { stage: 'validated' as const },
    ].map((filter) => registry.models.search(filter).items),
    histories: models.flatMap(({ name, aliases }) =>
      Object.keys(aliases).map((alias) => registry.models.history(name, alias)),
    ),
    policies: models.map(({ name }) => registry.policies.get(name)),
    runs: registry.runs.list().map((run) => [run, registry.runs.points(run, 'auc')]),
    datasets: registry.datasets.list().map(({ name }) => registry.datasets.versions(name)),
    lineage: toJson(registry.lineage),
    ignored: registry.ignored(),
  };
}

function countingReads(storage: Storage) {
  let commits = 0;
  const log: LogStore = {
    ...storage.log,
    async *read(range, options) {
      for await (const commit of storage.log.read(range, options)) {
        commits++;
        yield commit;
      }
    },
  };
  return { storage: { ...storage, log }, commits: () => commits };
}

/** More of the same life: every kind of event that changes what is there. */
async function goOn(registry: Registry): Promise<void> {
  await registry.models.tag('flight-delay@1', { team: 'ops', late: 'yes' });
  await registry.models.change('flight-delay', { owner: 'ops-2', tags: { tier: '1' } });
  const run = await registry.runs.start('train', { parent: 'train@1', tags: { kind: 'retry' } });
  await run.log({ auc: Number.NaN, loss: 2 ** 60 });
  await run.finish('failed', { reason: 'diverged' });
  await registry.datasets.add('flights', { rowCount: 3 }, { layer: 'curated' });
  await registry.models.moveAlias('flight-delay', 'champion', 'flight-delay@2', { reason: 'again' });
  await registry.models.rollBack('flight-delay', 'champion', { reason: 'and back' });
  await registry.models.removeAlias('flight-delay', 'champion', { reason: 'pause' });
  await registry.models.deprecate('flight-delay@2', { reason: 'worse' });
}

test('a registry opens from a checkpoint, reads little, and goes on as one that folded everything', async () => {
  const { registry, storage, clock } = await story();
  await registry.models.tag('flight-delay@1', { team: 'ops' });
  await registry.models.search({ tags: { team: 'ops' } });
  await registry.ledger.checkpoint();
  const counted = countingReads(storage);
  const fast = await openRegistry(counted.storage, { actor: 'maria', clock, random: seededRandom(2) });
  expect(counted.commits()).toBe(1);
  expect(answers(fast)).toEqual(answers(registry));
  expect(counted.commits()).toBe(1);
  await goOn(fast);
  await registry.ledger.refresh();
  expect(answers(fast)).toEqual(answers(registry));
  expect(fast.ignored()).toEqual([]);

  await fast.ledger.checkpoint();
  const again = await openRegistry(storage, { actor: 'maria', clock });
  const full = await openRegistry({ ...storage, hint: memoryHint() }, { actor: 'maria', clock });
  expect(answers(again)).toEqual(answers(full));
});

test('a checkpoint of a state that was never looked at is the checkpoint it came from', async () => {
  const { registry, storage, clock } = await story();
  const digest = await registry.ledger.checkpoint();
  const fast = await openRegistry(storage, { actor: 'maria', clock });
  expect(await fast.ledger.checkpoint()).toBe(digest);
});

test('commands that wait together share appends, and forks see nothing that is not theirs', async () => {
  const { registry, storage, clock } = await desk();
  await withVersions(registry, 3);
  let appends = 0;
  const log: LogStore = {
    ...storage.log,
    append: (commit, options) => {
      appends++;
      return storage.log.append(commit, options);
    },
  };
  const busy = await openRegistry({ ...storage, log }, { actor: 'ben', clock, random: seededRandom(5) });
  const other = await neighbour(storage, clock, 'cem', 6);
  for (let round = 0; round < 6; round++) {
    const jobs = Array.from({ length: 20 }, (_, i) =>
      busy.models.register('flight-delay', { files: files(`${i % 3}`), metrics: { auc: 0.5 } }),
    );
    const moves = [1, 2, 3].map((n) =>
      busy.models.moveAlias('flight-delay', 'champion', `flight-delay@${n}`, { reason: `${round}.${n}` }),
    );
    const theirs = other.models.register('flight-delay', { files: files('theirs') });
    const runs = Array.from({ length: 5 }, () => busy.runs.start('train'));
    await Promise.allSettled([...jobs, ...moves, theirs, ...runs]);
  }
  await busy.ledger.refresh();
  const auditor = await openRegistry(storage, { actor: 'ann', clock });
  expect(answers(busy)).toEqual(answers(auditor));
  expect(auditor.models.get('flight-delay').versions).toBe(3 + 6 * 21);
  expect(auditor.ignored()).toEqual([]);
  expect(appends).toBeLessThan(100);
});
