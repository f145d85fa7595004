import type { Digest, Name } from '@millwright/core';

/** `raw`: as it came, never changed. `staged`: cleaned, typed. `curated`: what models are trained and judged on. */
export type DatasetLayer = 'raw' | 'staged' | 'curated';

/** The type of each column, in order of name. */
export type DatasetSchema = Readonly<Record<string, string>>;

/** The times that the data speak about, milliseconds since 1970. */
export interface SourceTimes {
  /** First moment, milliseconds since 1970. */
  readonly from: number;
  /** First moment that is not in it. */
  readonly until: number;
}

/** An immutable version of a dataset. */
export interface DatasetVersion {
  /** `name@number`; numbers are dense, from 1. */
  readonly id: string;
  /** Its node in the lineage graph. */
  readonly node: string;
  readonly name: Name;
  readonly number: number;
  readonly layer: DatasetLayer;
  /** Of the content: the artifact's manifest, or the digest that the table's facts came with. */
  readonly digest: Digest;
  /** True when the files are in the blob store; false when the ledger holds facts about a table kept elsewhere. */
  readonly stored: boolean;
  readonly size: number | undefined;
  readonly rowCount: number | undefined;
  readonly schema: DatasetSchema | undefined;
  /** Blob with the encoded profile. */
  readonly profileBlob: Digest | undefined;
  readonly validation: DatasetValidation | undefined;
  /** Versions of what it was made with; undefined when none are known. */
  readonly madeWith: DatasetTools | undefined;
  /** Where the data came from, as text: never dereferenced. */
  readonly origin: string;
  readonly sourceTimes: SourceTimes | undefined;
  readonly madeFrom: readonly string[];
  readonly madeBy: string | undefined;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly addedBy: string;
  /** Milliseconds since 1970. */
  readonly addedAt: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** What a dataset was made with, by version: without them the same name may mean two things. */
export interface DatasetTools {
  /** The taxonomy of its labels: `cause@2`. */
  readonly taxonomy?: string | undefined;
  /** The embedding of its vectors: `acme/embed@3`. */
  readonly embedding?: string | undefined;
  /** The code that made it: a commit, a digest. */
  readonly transform?: string | undefined;
}

/** The validation that the data passed, or did not. */
export interface DatasetValidation {
  readonly verdict: 'pass' | 'fail' | 'insufficient';
  readonly digest: Digest;
}
