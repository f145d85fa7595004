import { seededRandom } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { reviewQueue } from '@millwright/core/review';
import { memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { openRegistry } from '@millwright/registry';
import { createEndpoint } from '@millwright/serving';
import { type Authorise, type FetchHandler, type HttpServiceOptions, httpService } from '../../src/http.js';

/** The caller is who the header says: what a real hook would establish from a token. */
export const byHeader: Authorise = ({ headers }) => {
  const actor = headers.get('x-actor');
  return actor === null ? undefined : { actor };
};

/** A registry with two versions of a rule, an endpoint on its champion, a review queue, and a service over all of them. */
export async function factory(options: Partial<HttpServiceOptions> = {}) {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const random = seededRandom(1);
  const registry = await openRegistry(memoryStorage(), { actor: 'factory', clock, random });
  const contract = defineContract({
    inputs: { euros: column.number({ min: 0 }) },
    outputs: { fraud: column.boolean() },
  });
  const dataset = await registry.datasets.add('payments', { rowCount: 10 }, { layer: 'curated' });
  const run = await registry.runs.start('train', { uses: [dataset] });
  await run.finish('succeeded', { metrics: { auc: 0.8 } });
  const rule = (limit: number) => ({
    files: { 'rule.json': new TextEncoder().encode(`${limit}`) },
    contract,
    madeBy: run,
  });
  const first = await registry.models.register('fraud', { ...rule(300), owner: 'payments', metrics: { auc: 0.8 } });
  const second = await registry.models.register('fraud', { ...rule(3000), metrics: { auc: Number.NaN } });
  await registry.models.moveAlias('fraud', 'champion', first, { reason: 'first version' });
  const endpoint = await createEndpoint<{ euros: number }, { fraud: boolean }>({
    model: registry.alias('fraud', 'champion'),
    clock,
    random,
    watch: false,
    async predictor({ artifact }) {
      const limit = Number(new TextDecoder().decode(await artifact.bytes('rule.json')));
      return { predict: async ({ euros }) => ({ fraud: euros >= limit }) };
    },
  });
  const reviews = await reviewQueue(registry.ledger, { clock, random });
  const handle = httpService({ registry, reviews, endpoints: { fraud: endpoint }, authorise: byHeader, ...options });
  return { clock, registry, endpoint, reviews, first, second, run, dataset, handle };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON object, or the text as `{ text }`. */
  readonly body: Record<string, unknown>;
}

/** Asks the handler. A body makes it a POST; `actor` goes into the header that `byHeader` reads. */
export async function ask(
  handle: FetchHandler,
  path: string,
  {
    actor,
    body,
    headers = {},
    method,
  }: { actor?: string; body?: unknown; headers?: Record<string, string>; method?: string } = {},
): Promise<Answer> {
  const request = new Request(`http://localhost${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(actor === undefined ? {} : { 'x-actor': actor }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const response = await handle(request);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : { text },
  };
}
