import { folder } from '@millwright/adapters/fs';
import { openRegistry } from '@millwright/registry';

/** A registry in a folder: a dataset, a run, two versions, a champion that was moved once. */
export async function writeFactory(root: string): Promise<void> {
  await using registry = await openRegistry(folder(root, { durability: 'relaxed' }), { actor: 'maria' });
  const raw = await registry.datasets.add('flights', { rowCount: 3_000_000 }, { layer: 'raw' });
  for (const word of ['first', 'second']) {
    const run = await registry.runs.start('train', { uses: [raw] });
    await run.finish('succeeded');
    const files = { 'model.onnx': new TextEncoder().encode(`weights of the ${word} model`) };
    const version = await registry.models.register('flight-delay', { files, madeBy: run, owner: 'ops-ml' });
    await registry.models.moveAlias('flight-delay', 'champion', version, { reason: `The ${word} model.` });
    if (word === 'first') await registry.ledger.checkpoint();
  }
}
