import type { Digest, JsonObject, Name } from '@millwright/core';

/** Where a run stands. `crashed`: it was left before it had finished. */
export type RunStatus = 'running' | 'succeeded' | 'failed' | 'crashed';

/** One training, evaluation or other piece of work: what went in, how, and what came of it. */
export interface RunRecord {
  /** `name@number`; numbers are dense, from 1. */
  readonly id: string;
  /** Its node in the lineage graph. */
  readonly node: string;
  readonly name: Name;
  readonly number: number;
  readonly status: RunStatus;
  /** Lineage nodes that it used. */
  readonly uses: readonly string[];
  readonly parameters: JsonObject;
  readonly seeds: readonly number[];
  /** What identifies the code: a commit or a digest. */
  readonly code: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Id of the run that this one belongs to. */
  readonly parent: string | undefined;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The last value of each metric. NaN is kept: a run is logged also when it looks bad. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What it kept: checkpoints, plots, logs. Model versions and datasets that it made are in the lineage. */
  readonly artifacts: readonly RunArtifact[];
  /** Why it ended as it did. */
  readonly reason: string;
  readonly startedBy: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds since 1970. */
  readonly finishedAt: number | undefined;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** Files that a run kept under a name; the newest of a name counts. */
export interface RunArtifact {
  readonly name: string;
  /** Of the artifact's manifest. */
  readonly digest: Digest;
  /** Bytes of all files. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** A value of a metric at a step. */
export interface MetricPoint {
  readonly step: number;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What differs between runs. */
export interface RunComparison {
  readonly runs: readonly RunRecord[];
  /** Parameters that are not the same everywhere, one value per run; undefined where a run has none. */
  readonly parameters: ReadonlyMap<string, readonly unknown[]>;
  /** The last value of every metric that a run has, one per run. */
  readonly metrics: ReadonlyMap<string, readonly (number | undefined)[]>;
}
