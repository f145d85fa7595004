import { type Abortable, type Digest, digestJson, hexOf, type JsonObject } from '@millwright/core';
import type { Fields } from '@millwright/core/contract';
import type { ReferenceLike } from '../reference.js';
import type { Registry } from '../registry.js';
import { figuresOf, limitsOf, type VersionFacts, versionFacts } from './version-facts.js';

/** What the ledger does not know and a bill of materials may say. */
export interface BomOptions extends Abortable {
  /** SPDX identifier of the model's licence. */
  readonly license?: string | undefined;
  readonly task?: string | undefined;
  readonly approach?:
    | 'supervised'
    | 'unsupervised'
    | 'reinforcement-learning'
    | 'semi-supervised'
    | 'self-supervised'
    | undefined;
  readonly architectureFamily?: string | undefined;
}

/**
 * The bill of materials of a version as CycloneDX 1.6 JSON: the model with its card, its files, the datasets and runs
 * that it came from, and how they depend on each other. The same ledger gives the same document, serial number included.
 *
 * @throws `state/not-found`, `artifact/missing`
 */
export async function machineLearningBom(
  registry: Registry,
  reference: ReferenceLike,
  options: BomOptions = {},
): Promise<JsonObject> {
  const facts = await versionFacts(registry, reference, options);
  const body = {
    metadata: {
      timestamp: new Date(facts.ledger.time).toISOString(),
      tools: { components: [{ type: 'library', name: '@millwright/registry' }] },
      component: modelComponent(facts, options),
      properties: properties({ ledger: facts.ledger.id, ledgerSize: facts.ledger.size, ledgerRoot: facts.ledger.root }),
    },
    components: [...files(facts), ...sources(facts)],
    dependencies: dependencies(facts),
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(digestJson(body))}`,
    version: 1,
    ...body,
  };
}

function modelComponent(facts: VersionFacts, options: BomOptions): JsonObject {
  const { version, model, contract } = facts;
  return {
    type: 'machine-learning-model',
    'bom-ref': version.node,
    name: model.name,
    version: String(version.number),
    ...(version.description || model.description ? { description: version.description || model.description } : {}),
    hashes: [sha256(version.artifact)],
    ...(options.license === undefined ? {} : { licenses: [{ license: { id: options.license } }] }),
    modelCard: {
      modelParameters: {
        ...(options.approach === undefined ? {} : { approach: { type: options.approach } }),
        ...(options.task === undefined ? {} : { task: options.task }),
        ...(options.architectureFamily === undefined ? {} : { architectureFamily: options.architectureFamily }),
        datasets: facts.datasets.map((dataset) => ({ ref: dataset.node })),
        inputs: formats(contract?.inputs),
        outputs: formats(contract?.outputs),
      },
      quantitativeAnalysis: {
        performanceMetrics: figuresOf(version).map(({ metric, value, slice }) => ({
          type: metric,
          value: String(value),
          ...(slice === undefined ? {} : { slice }),
        })),
      },
      considerations: {
        useCases: model.intendedUse === '' ? [] : [model.intendedUse],
        technicalLimitations: [...(model.outOfScope === '' ? [] : [model.outOfScope]), ...limitsOf(version)],
      },
    },
    properties: properties({
      owner: model.owner,
      risk: model.risk,
      stage: version.stage,
      registeredBy: version.registeredBy,
      eventIndex: version.eventIndex,
    }),
  };
}

function formats(fields: Fields | undefined): JsonObject[] {
  return Object.entries(fields ?? {}).map(([name, { type, unit }]) => ({
    format: `${name}: ${type}${unit === undefined ? '' : ` [${unit}]`}`,
  }));
}

function files({ version, files: all }: VersionFacts): JsonObject[] {
  return all.map((file) => ({
    type: 'file',
    'bom-ref': `${version.node}/${file.path}`,
    name: file.path,
    ...(file.mediaType === undefined ? {} : { 'mime-type': file.mediaType }),
    hashes: [sha256(file.digest)],
    properties: properties({ bytes: file.size }),
  }));
}

/** Datasets as data components; runs and all else as plain ones. */
function sources({ sources: nodes, datasets }: VersionFacts): JsonObject[] {
  const known = new Map(datasets.map((dataset) => [dataset.node, dataset]));
  return nodes.map((node) => {
    const dataset = known.get(node.id);
    const [name, number] = node.label.split('@');
    return {
      type: node.kind === 'dataset' ? 'data' : node.kind === 'model' ? 'machine-learning-model' : 'application',
      'bom-ref': node.id,
      name: name || node.label,
      ...(number === undefined ? {} : { version: number }),
      ...(node.digest === undefined ? {} : { hashes: [sha256(node.digest)] }),
      ...(dataset === undefined
        ? {}
        : {
            data: [
              {
                type: 'dataset',
                name: dataset.id,
                ...(dataset.description === '' ? {} : { description: dataset.description }),
              },
            ],
            properties: properties({
              layer: dataset.layer,
              rows: dataset.rowCount,
              origin: dataset.origin || undefined,
            }),
          }),
    };
  });
}

function dependencies({ version, files: all, sources: nodes, edges }: VersionFacts): JsonObject[] {
  const refs = [version.node, ...nodes.map((node) => node.id)];
  return refs.map((ref) => ({
    ref,
    dependsOn: [
      ...(ref === version.node ? all.map((file) => `${version.node}/${file.path}`) : []),
      ...edges.filter(({ to }) => to === ref).map(({ from }) => from),
    ],
  }));
}

function sha256(digest: Digest): JsonObject {
  return { alg: 'SHA-256', content: hexOf(digest) };
}

function properties(values: Readonly<Record<string, string | number | undefined>>): JsonObject[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name: `millwright:${name}`, value: String(value) }));
}

/** A UUID of version 8 (RFC 9562: custom) from the first 16 bytes of a digest. */
function uuidOf(digest: Digest): string {
  const hex = hexOf(digest);
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
