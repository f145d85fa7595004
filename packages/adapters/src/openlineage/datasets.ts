import { isMillwrightError } from '@millwright/core';
import type { DatasetVersion, ModelVersion, Registry } from '@millwright/registry';
import type { FacetWriter } from './facet.js';
import { foreignName } from './names.js';
import type { Dataset, Facet, InputDataset, OutputDataset } from './types.js';

/**
 * A node of the lineage graph as OpenLineage names it: the version is a facet; what is no dataset says so in its name. What
 * was ingested keeps the name that its own system gave it.
 */
export function datasetOf(registry: Registry, node: string, facet: FacetWriter, namespace: string): Dataset {
  const { kind, name, version } = partsOf(node);
  const facets: Record<string, Facet> = {
    datasetType: facet('DatasetTypeDatasetFacet', { datasetType: kind.toUpperCase() }),
  };
  if (version !== undefined) facets['version'] = facet('DatasetVersionDatasetFacet', { datasetVersion: version });
  const known = found(registry, node);
  if (known !== undefined) describe(facets, known, facet);
  return { ...(foreignName(name) ?? { namespace, name: kind === 'dataset' ? name : `${kind}/${name}` }), facets };
}

/** With what its validation said: anything but `pass` is no success. */
export function inputOf(registry: Registry, node: string, facet: FacetWriter, namespace: string): InputDataset {
  const dataset = datasetOf(registry, node, facet, namespace);
  const known = found(registry, node);
  if (known === undefined || !('validation' in known) || known.validation === undefined) return dataset;
  const { verdict, digest } = known.validation;
  const assertion = {
    assertion: 'validation',
    success: verdict === 'pass',
    expected: 'pass',
    actual: verdict,
    name: digest,
  };
  const dataQualityAssertions = facet('DataQualityAssertionsDatasetFacet', { assertions: [assertion] });
  return { ...dataset, inputFacets: { dataQualityAssertions } };
}

/** With how much was written. */
export function outputOf(registry: Registry, node: string, facet: FacetWriter, namespace: string): OutputDataset {
  const dataset = datasetOf(registry, node, facet, namespace);
  const { size, rowCount } = { size: undefined, rowCount: undefined, ...found(registry, node) };
  if (size === undefined && rowCount === undefined) return dataset;
  const statistics = { ...(size === undefined ? {} : { size }), ...(rowCount === undefined ? {} : { rowCount }) };
  return { ...dataset, outputFacets: { outputStatistics: facet('OutputStatisticsOutputDatasetFacet', statistics) } };
}

function describe(facets: Record<string, Facet>, known: DatasetVersion | ModelVersion, facet: FacetWriter): void {
  const { description } = known;
  const schema = 'schema' in known ? known.schema : undefined;
  const tags = Object.entries(known.tags);
  if (schema !== undefined)
    facets['schema'] = facet('SchemaDatasetFacet', {
      fields: Object.entries(schema).map(([name, type]) => ({ name, type })),
    });
  if (description !== '') facets['documentation'] = facet('DocumentationDatasetFacet', { description });
  if (tags.length > 0)
    facets['tags'] = facet('TagsDatasetFacet', {
      tags: tags.map(([key, value]) => ({ key, value, source: 'MILLWRIGHT' })),
    });
  facets['millwright_version'] = facet('MillwrightVersionFacet', {
    id: known.id,
    digest: 'artifact' in known ? known.artifact : known.digest,
    eventIndex: known.eventIndex,
  });
}

/** When the node was registered, milliseconds since 1970; NaN for what is not known here. */
export function addedAt(registry: Registry, node: string): number {
  const known = found(registry, node);
  if (known === undefined) return Number.NaN;
  return 'addedAt' in known ? known.addedAt : known.registeredAt;
}

/** What the registry knows about the node. A version may have been deleted since; its name stays. */
function found(registry: Registry, node: string): DatasetVersion | ModelVersion | undefined {
  const { kind, name, version } = partsOf(node);
  if ((kind !== 'dataset' && kind !== 'model') || version === undefined) return undefined;
  try {
    const id = `${name}@${version}`;
    return kind === 'dataset' ? registry.datasets.find(id) : registry.models.version(id);
  } catch (error) {
    if (isMillwrightError(error, 'state/not-found') || isMillwrightError(error, 'input/invalid')) return undefined;
    throw error;
  }
}

/** `model:fraud@3` is the version 3 of `fraud`, a model. */
function partsOf(node: string): { readonly kind: string; readonly name: string; readonly version: string | undefined } {
  const colon = node.indexOf(':');
  const [kind, id] = [node.slice(0, colon), node.slice(colon + 1)];
  const at = id.lastIndexOf('@');
  return at < 1 ? { kind, name: id, version: undefined } : { kind, name: id.slice(0, at), version: id.slice(at + 1) };
}
