import { type Abortable, digestJson, invalidInput } from '@millwright/core';
import { type LineageEdge, type LineageKind, type LineageNode, lineageRecorded } from '@millwright/core/lineage';
import type { Registry } from '@millwright/registry';
import { foreignId } from './names.js';

/** The nodes that an event stands for in the lineage graph: for `uses` and `madeFrom` of what is made from them here. */
export interface Ingested {
  /** Undefined for events about datasets or jobs only. */
  readonly run: string | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * Records what another system's run read and wrote, from an OpenLineage event of any 1.x or 2.x version. Only names and
 * versions are kept: facets may hold queries, parameters and environment variables. The same event twice is harmless.
 * @throws `input/invalid` for what is no event of OpenLineage
 */
export async function ingestOpenLineage(
  registry: Pick<Registry, 'ledger'>,
  event: unknown,
  options: Abortable & { readonly actor?: string | undefined } = {},
): Promise<Ingested> {
  const read = reader('event', event);
  text('eventTime', read('eventTime'));
  text('producer', read('producer'));
  if (!String(read('schemaURL')).includes('OpenLineage'))
    throw invalidInput('schemaURL', 'a schema of OpenLineage', read('schemaURL'));
  const run = read('run') === undefined ? undefined : runNode(read('run'), read('job'));
  const alone = run === undefined && read('dataset') !== undefined;
  const lists = alone ? [[read('dataset')], undefined] : [read('inputs'), read('outputs')];
  const [inputs, outputs] = lists.map((list, i) => datasetNodes(['inputs', 'outputs'][i]!, list));
  const nodes = [...(run === undefined ? [] : [run]), ...inputs!, ...outputs!];
  const edges: LineageEdge[] =
    run === undefined
      ? []
      : [
          ...inputs!.map(({ id }) => ({ from: id, to: run.id })),
          ...outputs!.map(({ id }) => ({ from: run.id, to: id })),
        ];
  const events = chunks(nodes, edges).map((chunk) => lineageRecorded(chunk.nodes, chunk.edges));
  const result = { run: run?.id, inputs: inputs!.map(({ id }) => id), outputs: outputs!.map(({ id }) => id) };
  const idempotencyKey = `openlineage/${digestJson({ nodes: nodes.map(({ id }) => id), edges })}`;
  await registry.ledger.commit(() => ({ events, result: undefined }), {
    ...options,
    idempotencyKey,
    onReplay: () => undefined,
  });
  return result;
}

function runNode(run: unknown, job: unknown): LineageNode {
  const runId = text('run.runId', reader('run', run)('runId'));
  if (!UUID.test(runId)) throw invalidInput('run.runId', 'a UUID', runId);
  const { namespace, name } = named('job', job);
  return node('run', namespace, name, runId.toLowerCase());
}

function datasetNodes(what: string, list: unknown): readonly LineageNode[] {
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length > MAX_DATASETS)
    throw invalidInput(what, `a list of up to ${MAX_DATASETS} datasets`, list);
  return list.map((item, i) => {
    const { namespace, name } = named(`${what}[${i}]`, item);
    const facets = reader(what, item)('facets');
    const version = facets === undefined ? undefined : reader('facets', facets)('version');
    const given = version === undefined ? undefined : reader('version', version)('datasetVersion');
    // What is a model there is one here: impact analysis asks for models.
    const kind = name.startsWith('model/') ? 'model' : 'dataset';
    return node(kind, namespace, name, given === undefined ? undefined : text('datasetVersion', given));
  });
}

function node(kind: LineageKind, namespace: string, name: string, version: string | undefined): LineageNode {
  const label = version === undefined ? `${namespace}/${name}` : `${namespace}/${name}@${version}`;
  return { id: foreignId(kind, namespace, name, version), kind, label: label.slice(0, MAX_LABEL).toWellFormed() };
}

function named(what: string, value: unknown): { readonly namespace: string; readonly name: string } {
  const read = reader(what, value);
  return { namespace: text(`${what}.namespace`, read('namespace')), name: text(`${what}.name`, read('name')) };
}

function reader(what: string, value: unknown): (name: string) => unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidInput(what, 'an object', value);
  const members = new Map<string, unknown>(Object.entries(value));
  return (name) => members.get(name);
}

function text(what: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value;
  throw invalidInput(what, 'a text that is not empty', value);
}

/** Events of the ledger are small; the graph does not mind in how many it comes. */
function chunks(nodes: readonly LineageNode[], edges: readonly LineageEdge[]) {
  const count = Math.ceil(Math.max(nodes.length, edges.length) / PER_EVENT);
  return Array.from({ length: count }, (_, i) => ({
    nodes: nodes.slice(i * PER_EVENT, (i + 1) * PER_EVENT),
    edges: edges.slice(i * PER_EVENT, (i + 1) * PER_EVENT),
  }));
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAX_DATASETS = 1_000;
const MAX_LABEL = 200;
const PER_EVENT = 25;
