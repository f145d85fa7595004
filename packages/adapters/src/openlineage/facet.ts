import type { Facet } from './types.js';

/** The facets that are emitted, and the version of each one's schema. */
const VERSIONS = {
  DatasetTypeDatasetFacet: '1-0-1',
  DatasetVersionDatasetFacet: '1-0-1',
  DataQualityAssertionsDatasetFacet: '1-1-0',
  DocumentationDatasetFacet: '1-1-0',
  DocumentationJobFacet: '1-1-0',
  ErrorMessageRunFacet: '1-0-1',
  ExecutionParametersRunFacet: '1-0-0',
  JobTypeJobFacet: '2-0-4',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  ParentRunFacet: '1-2-0',
  SchemaDatasetFacet: '1-2-0',
  TagsDatasetFacet: '1-0-0',
  TagsRunFacet: '1-0-0',
} as const;

/** Facets of ours; a consumer that does not know them keeps them as they are. */
const OURS = { MillwrightRunFacet: '1-0-0', MillwrightVersionFacet: '1-0-0' } as const;

export type FacetName = keyof typeof VERSIONS | keyof typeof OURS;
export type FacetWriter = (name: FacetName, members: Readonly<Record<string, unknown>>) => Facet;

/** Makes facets of one producer. */
export function facetWriter(producer: string): FacetWriter {
  return (name, members) => ({ _producer: producer, _schemaURL: schemaOf(name), ...members });
}

function schemaOf(name: FacetName): string {
  if (name === 'MillwrightRunFacet' || name === 'MillwrightVersionFacet')
    return `urn:millwright:openlineage:${name}:${OURS[name]}`;
  return `https://openlineage.io/spec/facets/${VERSIONS[name]}/${name}.json#/$defs/${name}`;
}
