import { digestJson, seededRandom } from '@millwright/core';
import { memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { openRegistry, type Registry } from '@millwright/registry';
import { type OpenLineageOptions, openLineageEvents } from '../../src/openlineage.js';

export const options: OpenLineageOptions = { producer: 'https://example.org/factory/1.0' };

/** A dataset, a run that made a model, one that failed and one that crashed. */
export async function line(seed = 1) {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const registry = await openRegistry(memoryStorage(), { actor: 'factory', clock, random: seededRandom(seed) });
  const files = { 'model.txt': new Uint8Array([1, 2, 3]) };
  const payments = await registry.datasets.add(
    'payments',
    { rowCount: 10, schema: { euros: 'float64' } },
    {
      layer: 'curated',
      validation: { verdict: 'insufficient', digest: digestJson(1) },
      description: 'Cards only.',
      tags: { pii: 'no' },
    },
  );
  const train = await registry.runs.start('train', {
    uses: [payments],
    parameters: { depth: 6, loss: 'log' },
    seeds: [7],
    tags: { team: 'risk' },
    description: 'Monthly.',
  });
  const version = await registry.models.register('fraud', { files, owner: 'risk', madeBy: train });
  await train.finish('succeeded', { metrics: { auc: 0.9, gap: Number.NaN } });
  await registry.datasets.add('scores', { rowCount: 3 }, { layer: 'staged', madeBy: train });
  const failed = await registry.runs.start('evaluate', { uses: [version], parent: train });
  await failed.finish('failed', { reason: 'no labels' });
  const crashed = await registry.runs.start('evaluate', { uses: [version] });
  await crashed.finish('crashed', { reason: 'killed' });
  return { registry, train };
}

/** What is emitted for everything that the ledger holds. */
export async function emitted(registry: Registry, from = 0) {
  const stop = new AbortController();
  const events = [];
  const { size } = registry.ledger.head;
  // The last entry is marked, so that the end is known.
  const { eventIndex } = await registry.datasets.add(`last-${size}`, { rowCount: 1 }, { layer: 'raw' });
  for await (const { event, cursor } of openLineageEvents(registry, { ...options, from, signal: stop.signal })) {
    if (cursor <= eventIndex) events.push(event);
    else stop.abort();
  }
  return events.filter((event) => !('dataset' in event && event.dataset.name.startsWith('last-')));
}
