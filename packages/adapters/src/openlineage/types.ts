/** Facets by name; every one says who made it and which schema it keeps. */
export type Facets = Readonly<Record<string, Facet>>;

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

export interface Job {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

export interface InputDataset extends Dataset {
  readonly inputFacets?: Facets;
}

export interface OutputDataset extends Dataset {
  readonly outputFacets?: Facets;
}
