import { invalidInput } from '@millwright/core';
import { contractToSchemas } from '@millwright/core/contract';
import type { LedgerEvent } from '@millwright/core/ledger';
import { toDot, toJson, toMermaid } from '@millwright/core/lineage';
import type { MetricRange, Registry, VersionFilter, VersionPageOptions } from '@millwright/registry';
import { jsonResponse } from './json.js';
import { notFound } from './problem.js';
import { finite, integer, limitOf, number, prefixed, text } from './query.js';
import { type Call, type Route, route } from './router.js';

/** Everything a registry knows, to be looked at: models, versions, aliases, runs, datasets, lineage, events and proofs. */
export function registryReads(registry: Registry): readonly Route[] {
  const { models, runs, datasets, ledger } = registry;
  return [
    route(
      'read',
      'GET /models',
      'model.list',
      ({ query }) => {
        const filter = {
          ...{ owner: text(query, 'owner'), risk: text(query, 'risk'), nameContains: text(query, 'nameContains') },
          tags: prefixed(query, 'tag.'),
        };
        return jsonResponse(models.list(filter, { ...page(query), order: timeOrder(query) }));
      },
      ['owner', 'risk', 'nameContains', 'tag.', 'limit', 'after', 'order'],
    ),
    route('read', 'GET /models/:model', 'model.read', ({ params }) => jsonResponse(models.get(params['model']!))),
    route(
      'read',
      'GET /models/:model/aliases/:alias',
      'alias.read',
      ({ params, query }) => {
        const [model, alias] = [params['model']!, params['alias']!];
        const record = models.aliasAt(model, alias, number(query, 'at'));
        return jsonResponse(present(record, 'alias', `${model}/${alias}`));
      },
      ['at'],
    ),
    route('read', 'GET /models/:model/aliases/:alias/history', 'alias.history', ({ params }) =>
      jsonResponse({ items: models.history(params['model']!, params['alias']!) }),
    ),
    route(
      'read',
      'GET /versions',
      'version.search',
      ({ query }) => jsonResponse(models.search(versionFilter(query), { ...page(query), order: versionOrder(query) })),
      [...VERSION_WORDS, 'stage', 'tag.', 'metric.', 'limit', 'after', 'order'],
    ),
    route('read', 'GET /versions/:version', 'version.read', ({ params }) =>
      jsonResponse(models.version(params['version']!)),
    ),
    route('read', 'GET /versions/:version/contract', 'version.contract', (call) => contract(registry, call), [
      'format',
    ]),
    route(
      'read',
      'GET /runs',
      'run.list',
      ({ query }) => jsonResponse(slice(runs.list({ name: text(query, 'name') }), query)),
      ['name', 'limit', 'after'],
    ),
    route('read', 'GET /runs/:run', 'run.read', ({ params }) => jsonResponse(runs.get(params['run']!))),
    route('read', 'GET /datasets', 'dataset.list', () => jsonResponse({ items: datasets.list() })),
    route('read', 'GET /datasets/:dataset', 'dataset.read', ({ params }) =>
      jsonResponse(datasets.get(params['dataset']!)),
    ),
    route('read', 'GET /lineage/:node', 'lineage.read', (call) => lineage(registry, call), ['format']),
    route('read', 'GET /ledger', 'ledger.read', () => jsonResponse({ id: ledger.id, ...ledger.head })),
    route('read', 'GET /ledger/verification', 'ledger.verify', verification(registry)),
    route(
      'read',
      'GET /ledger/consistency',
      'ledger.proveConsistency',
      async ({ query, signal }) => {
        const from = present(number(query, 'from'), 'query parameter', 'from');
        return jsonResponse(await ledger.proveConsistency(from, { to: number(query, 'to'), signal }));
      },
      ['from', 'to'],
    ),
    route('read', 'GET /events', 'event.list', (call) => events(registry, call), ['limit', 'after']),
    route('read', 'GET /events/:index/proof', 'event.prove', (call) => proof(registry, call), ['size']),
  ];
}

/** As it was registered, or as JSON Schemas for clients that do not know contracts. */
async function contract({ models }: Registry, { params, query, signal }: Call): Promise<Response> {
  const version = params['version']!;
  const found = present(await models.contract(version, { signal }), 'contract', version);
  const format = text(query, 'format') ?? 'json';
  if (format === 'json') return jsonResponse(found);
  if (format === 'json-schema') return jsonResponse(contractToSchemas(found));
  throw invalidInput('format', '`json` or `json-schema`', format);
}

/** The graph around a node as JSON, or as text for Mermaid or Graphviz. */
function lineage({ lineage: graph }: Registry, { params, query }: Call): Response {
  const node = params['node']!;
  if (!graph.nodes.has(node)) throw notFound('lineage node', node);
  const format = text(query, 'format') ?? 'json';
  if (format === 'json') return jsonResponse(toJson(graph, node));
  const write = new Map([
    ['mermaid', toMermaid],
    ['dot', toDot],
  ]).get(format);
  if (write === undefined) throw invalidInput('format', '`json`, `mermaid` or `dot`', format);
  return new Response(write(graph, node), { headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

/** Reads every byte again, which takes a while: those who ask meanwhile get the same answer. */
function verification({ ledger }: Registry): () => Promise<Response> {
  let running: ReturnType<typeof ledger.verify> | undefined;
  return async () => {
    running ??= ledger.verify().finally(() => {
      running = undefined;
    });
    return jsonResponse(await running);
  };
}

/** Events in order; `next` is the `after` of the next page, and of the time when more have been written. */
async function events({ ledger }: Registry, { query, signal }: Call): Promise<Response> {
  const limit = limitOf(query);
  const from = number(query, 'after') ?? 0;
  const items: LedgerEvent[] = [];
  for await (const event of ledger.read({ from, signal })) if (items.push(event) === limit) break;
  const last = items.at(-1);
  return jsonResponse({ items, next: String(last === undefined ? from : last.index + 1) });
}

/** What `verifyInclusion(proof, event)` takes: trust in it is trust in the root. */
async function proof({ ledger }: Registry, { params, query, signal }: Call): Promise<Response> {
  const index = integer('index', params['index']!);
  for await (const event of ledger.read({ from: index, signal })) {
    if (event.index !== index) break;
    return jsonResponse({ event, proof: await ledger.prove(index, { size: number(query, 'size'), signal }) });
  }
  throw notFound('event', params['index']!);
}

const VERSION_WORDS = ['model', 'kind', 'owner', 'alias', 'madeBy', 'registeredBy'] as const;

function versionFilter(query: URLSearchParams): VersionFilter {
  const words = Object.fromEntries(VERSION_WORDS.map((name) => [name, text(query, name)]));
  const stage = text(query, 'stage');
  if (stage !== undefined && !isStage(stage)) throw invalidInput('stage', STAGES.join(', '), stage);
  const metrics: Record<string, MetricRange> = {};
  for (const [key, bound] of Object.entries(prefixed(query, 'metric.') ?? {})) {
    const found = /^(.+)\.(atLeast|atMost)$/.exec(key);
    if (found === null) throw invalidInput('query', '`metric.name.atLeast` or `metric.name.atMost`', `metric.${key}`);
    metrics[found[1]!] = { ...metrics[found[1]!], [found[2]!]: finite(`metric.${key}`, bound) };
  }
  return { ...words, stage, tags: prefixed(query, 'tag.'), metrics };
}

const STAGES = ['registered', 'validated', 'approved', 'serving', 'deprecated', 'retired'] as const;

function isStage(word: string): word is (typeof STAGES)[number] {
  return (STAGES as readonly string[]).includes(word);
}

/** `newest`, `oldest`, `highest:auc` or `lowest:loss`. */
function versionOrder(query: URLSearchParams): VersionPageOptions['order'] {
  const ranked = /^(highest|lowest):(.+)$/.exec(text(query, 'order') ?? '');
  return ranked === null
    ? timeOrder(query)
    : { metric: ranked[2]!, first: ranked[1] === 'highest' ? 'highest' : 'lowest' };
}

function timeOrder(query: URLSearchParams): 'newest' | 'oldest' | undefined {
  const order = text(query, 'order');
  if (order === undefined || order === 'newest' || order === 'oldest') return order;
  throw invalidInput('order', '`newest` or `oldest`', order);
}

function page(query: URLSearchParams) {
  return { limit: limitOf(query), after: text(query, 'after') };
}

/** A page of a list that the ledger orders; the cursor is an entry of the ledger. */
function slice<T extends { readonly eventIndex: number }>(all: readonly T[], query: URLSearchParams) {
  const limit = limitOf(query);
  const after = number(query, 'after') ?? -1;
  const rest = all.filter(({ eventIndex }) => eventIndex > after);
  const items = rest.slice(0, limit);
  return { items, next: rest.length > limit ? String(items.at(-1)!.eventIndex) : undefined };
}

function present<T>(value: T | undefined, what: string, id: string): T {
  if (value === undefined) throw notFound(what, id);
  return value;
}
