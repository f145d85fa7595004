import { type FetchHandler, httpService } from '@millwright/adapters/http';
import { endpointMetrics, ledgerMetrics } from '@millwright/adapters/prometheus';
import { reviewQueue } from '@millwright/core/review';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { createEndpoint } from '@millwright/serving';

/** Who may do what. A service of yours looks at a session or a token here; this one knows two keys. */
const CALLERS: Readonly<Record<string, { readonly actor: string; readonly writes: boolean }>> = {
  'maria-key': { actor: 'maria', writes: true },
  'dashboard-key': { actor: 'dashboard', writes: false },
};

/** A fraud rule in a registry, served and reviewed over HTTP: one fetch handler for every framework. */
export async function factory(prefix = '/factory'): Promise<FetchHandler> {
  const registry = await openRegistry(memoryStorage(), { actor: 'setup' });
  const limit = new TextEncoder().encode('300');
  const version = await registry.models.register('fraud', { files: { 'limit.txt': limit }, owner: 'payments' });
  await registry.models.moveAlias('fraud', 'champion', version, { reason: 'first version' });

  const endpoint = await createEndpoint<{ euros: number }, { fraud: boolean }>({
    model: registry.alias('fraud', 'champion'),
    async predictor({ artifact }) {
      const euros = Number(new TextDecoder().decode(await artifact.bytes('limit.txt')));
      return { predict: async (input) => ({ fraud: input.euros >= euros }) };
    },
  });
  const metrics = [endpointMetrics('fraud', endpoint), ledgerMetrics(registry.ledger)];

  return httpService({
    prefix,
    registry,
    reviews: await reviewQueue(registry.ledger),
    endpoints: { fraud: endpoint },
    metrics: () => metrics.flatMap((read) => read()),
    authorise({ headers }, { kind }) {
      const caller = CALLERS[headers.get('authorization')?.replace(/^Bearer /, '') ?? ''];
      if (caller === undefined) return kind === 'operate' ? { actor: 'monitoring' } : undefined;
      return kind === 'write' && !caller.writes ? undefined : caller;
    },
    onError: (error, { action }) => console.error(action, error),
  });
}
