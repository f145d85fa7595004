/** Facets by name; every one says who made it and which schema it keeps. */
export type Facets = Readonly<Record<string, Facet>>;

/** A piece of metadata with the program that wrote it and the URL of its schema. */
export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [member: string]: unknown;
}

interface BaseEvent {
  /** RFC 3339. */
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
}

/** What happened to a run: OpenLineage 2-0-2. */
export interface RunEvent extends BaseEvent {
  readonly eventType: 'START' | 'RUNNING' | 'COMPLETE' | 'ABORT' | 'FAIL' | 'OTHER';
  readonly run: { readonly runId: string; readonly facets?: Facets };
  readonly job: Job;
  readonly inputs?: readonly InputDataset[];
  readonly outputs?: readonly OutputDataset[];
}

/** A dataset that no run is known to have made. */
export interface DatasetEvent extends BaseEvent {
  readonly dataset: Dataset;
}

/** What runs again and again: in Millwright, runs of one name. */
export interface Job {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

/** What jobs read and write: datasets, and the models that they make. */
export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

/** A dataset as one run read it. */
export interface InputDataset extends Dataset {
  readonly inputFacets?: Facets;
}

/** A dataset as one run wrote it. */
export interface OutputDataset extends Dataset {
  readonly outputFacets?: Facets;
}
