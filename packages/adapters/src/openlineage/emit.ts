import { digestBytes, encodeUtf8, hexOf, invalidInput } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import type { ReferenceLike, Registry, RunRecord } from '@millwright/registry';
import { type WatchOptions, watchEvents } from '@millwright/registry/feed';
import { addedAt, datasetOf, inputOf, outputOf } from './datasets.js';
import { facetWriter } from './facet.js';
import type { DatasetEvent, Facets, RunEvent } from './types.js';

/** What OpenLineage events say of who wrote them. */
export interface OpenLineageOptions {
  /** URI of what emits: your service, with its version. */
  readonly producer: string;
  /** Namespace of jobs and datasets. Default `millwright://` and the ledger's id. */
  readonly namespace?: string | undefined;
}

/**
 * The registry's runs, datasets and models as OpenLineage 2-0-2, from a cursor on: START and COMPLETE, FAIL or ABORT of every
 * run, OTHER for what is registered after the run that made it has ended, and datasets that no run made. `cursor` is where
 * to go on. Parameters of runs are emitted; environment and notes are not.
 * @throws `input/invalid` for a producer that is no URI
 */
export async function* openLineageEvents(
  registry: Registry,
  options: OpenLineageOptions & Omit<WatchOptions, 'kinds'>,
): AsyncGenerator<{ readonly event: RunEvent | DatasetEvent; readonly cursor: number }, void, undefined> {
  const kinds = ['run.started', 'run.finished', 'dataset.added', 'version.registered'];
  for await (const entry of watchEvents(registry.ledger, { ...options, kinds })) {
    const event = eventOf(registry, entry, options);
    if (event !== undefined) yield { event, cursor: entry.index + 1 };
  }
}

/**
 * One event about a run: what it used, and what was registered as made by it until then (`time`; default its end).
 * @throws `state/not-found`, `input/invalid` for a producer that is no URI
 */
export function runEvent(
  registry: Registry,
  run: ReferenceLike,
  type: RunEvent['eventType'],
  options: OpenLineageOptions & { readonly time?: number | undefined },
): RunEvent {
  const record = registry.runs.get(run);
  const time = options.time ?? record.finishedAt ?? record.startedAt;
  const made = type === 'START' ? [] : (registry.lineage.next.get(record.node) ?? []);
  return eventAbout(
    registry,
    record,
    type,
    made.filter((node) => !(addedAt(registry, node) > time)),
    time,
    options,
  );
}

/** The UUID of a run: the same for everybody who emits it, however often (RFC 9562, version 8, from SHA-256). */
export function runUuid(registry: Pick<Registry, 'ledger'>, run: { readonly id: string }): string {
  const hex = hexOf(digestBytes(encodeUtf8(`${registry.ledger.id}/${run.id}`)));
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function eventOf(
  registry: Registry,
  { type, data, time }: LedgerEvent,
  options: OpenLineageOptions,
): RunEvent | DatasetEvent | undefined {
  if (type === 'run.started')
    return runEvent(registry, `${data['name']}@${data['number']}`, 'START', { ...options, time });
  if (type === 'run.finished') {
    const run = registry.runs.get(String(data['run']));
    return runEvent(registry, run, run.status === 'running' ? 'RUNNING' : ENDS[run.status], { ...options, time });
  }
  const made = type === 'dataset.added' ? `dataset:${data['name']}` : `model:${data['model']}`;
  const node = `${made}@${data['number']}`;
  const { madeBy } = data;
  const run = typeof madeBy === 'string' ? registry.runs.find(madeBy) : undefined;
  if (run !== undefined) {
    // A run that still goes on will name it when it ends.
    const ended = run.finishedAt !== undefined && run.finishedAt < time;
    return ended ? eventAbout(registry, run, 'OTHER', [node], time, options) : undefined;
  }
  if (type !== 'dataset.added') return undefined;
  const { facet, base } = writers(options);
  return { ...base('DatasetEvent', time), dataset: datasetOf(registry, node, facet, namespaceOf(registry, options)) };
}

function eventAbout(
  registry: Registry,
  run: RunRecord,
  eventType: RunEvent['eventType'],
  made: readonly string[],
  time: number,
  options: OpenLineageOptions,
): RunEvent {
  const { facet, base } = writers(options);
  const namespace = namespaceOf(registry, options);
  const data = (node: string) => !node.startsWith('run:');
  return {
    ...base('RunEvent', time),
    eventType,
    run: { runId: runUuid(registry, run), facets: runFacets(registry, run, eventType, facet, namespace) },
    job: {
      namespace,
      name: run.name,
      facets: {
        jobType: facet('JobTypeJobFacet', { processingType: 'BATCH', integration: 'MILLWRIGHT', jobType: 'RUN' }),
        ...(run.description === ''
          ? {}
          : { documentation: facet('DocumentationJobFacet', { description: run.description }) }),
      },
    },
    inputs: run.uses.filter(data).map((node) => inputOf(registry, node, facet, namespace)),
    outputs: made.filter(data).map((node) => outputOf(registry, node, facet, namespace)),
  };
}

function runFacets(
  registry: Registry,
  run: RunRecord,
  eventType: RunEvent['eventType'],
  facet: ReturnType<typeof facetWriter>,
  namespace: string,
): Facets {
  const facets: Record<string, Facets[string]> = {
    millwright_run: facet('MillwrightRunFacet', {
      run: run.id,
      ledger: registry.ledger.id,
      eventIndex: run.eventIndex,
      code: run.code,
      seeds: run.seeds,
      // Not all of them are known when it starts, whenever that is told.
      metrics: Object.fromEntries(
        eventType === 'START' ? [] : Object.entries(run.metrics).map(([name, value]) => [name, String(value)]),
      ),
    }),
  };
  const parameters = Object.entries(run.parameters);
  if (parameters.length > 0)
    facets['executionParameters'] = facet('ExecutionParametersRunFacet', {
      parameters: parameters.map(([key, value]) => ({
        key,
        value: typeof value === 'string' ? value : JSON.stringify(value),
      })),
    });
  const tags = Object.entries(run.tags);
  if (tags.length > 0)
    facets['tags'] = facet('TagsRunFacet', {
      tags: tags.map(([key, value]) => ({ key, value, source: 'MILLWRIGHT' })),
    });
  if (eventType === 'FAIL' || eventType === 'ABORT')
    facets['errorMessage'] = facet('ErrorMessageRunFacet', { message: run.reason, programmingLanguage: 'unknown' });
  const parent = run.parent === undefined ? undefined : registry.runs.find(run.parent);
  if (parent !== undefined)
    facets['parent'] = facet('ParentRunFacet', {
      run: { runId: runUuid(registry, parent) },
      job: { namespace, name: parent.name },
    });
  return facets;
}

/** A crash is nobody's decision, and nobody's failure to compute. */
const ENDS = { succeeded: 'COMPLETE', failed: 'FAIL', crashed: 'ABORT' } as const;

function writers({ producer }: OpenLineageOptions) {
  if (!URL.canParse(producer))
    throw invalidInput('producer', 'a URI such as `https://example.org/factory/1.0`', producer);
  const base = (definition: 'RunEvent' | 'DatasetEvent', time: number) => ({
    eventTime: new Date(time).toISOString(),
    producer,
    schemaURL: `https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/${definition}`,
  });
  return { facet: facetWriter(producer), base };
}

function namespaceOf({ ledger }: Registry, { namespace = `millwright://${ledger.id}` }: OpenLineageOptions): string {
  return namespace;
}
