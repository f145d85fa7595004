import type { Abortable } from '@millwright/core';
import { type ManifestFile, openArtifact } from '@millwright/core/artifact';
import type { Contract } from '@millwright/core/contract';
import { ancestors, type LineageEdge, type LineageNode, toJson } from '@millwright/core/lineage';
import type { DatasetVersion } from '../dataset/index.js';
import type { AliasRecord, EvidenceMetric, ModelVersion, RegisteredModel, StoredPolicy } from '../model/index.js';
import type { ReferenceLike } from '../reference.js';
import type { Registry } from '../registry.js';
import type { RunRecord } from '../run/index.js';

/** All that the ledger and its blobs know about a version: what every governance document is written from. */
export interface VersionFacts {
  readonly version: ModelVersion;
  readonly model: RegisteredModel;
  readonly policy: StoredPolicy | undefined;
  readonly contract: Contract | undefined;
  readonly files: readonly ManifestFile[];
  /** Datasets that it came from, nearest first. */
  readonly datasets: readonly DatasetVersion[];
  readonly run: RunRecord | undefined;
  /** Everything that it came from, nearest first, and how that hangs together. */
  readonly sources: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  readonly moves: readonly AliasRecord[];
  readonly ledger: { readonly id: string; readonly size: number; readonly root: string; readonly time: number };
}

/** @throws `state/not-found`, `artifact/missing` */
export async function versionFacts(
  registry: Registry,
  reference: ReferenceLike,
  options: Abortable = {},
): Promise<VersionFacts> {
  const version = registry.models.version(reference);
  const sources = ancestors(registry.lineage, version.node);
  const above = new Set([version.node, ...sources.map((node) => node.id)]);
  const { manifest } = await openArtifact(registry.blobs, version.artifact, options);
  const { size, root, time } = registry.ledger.head;
  return {
    version,
    model: registry.models.get(version.model),
    policy: registry.policies.get(version.model),
    contract: await registry.models.contract(version, options),
    files: manifest.files,
    datasets: sources
      .filter((node) => /^dataset:.+@[1-9][0-9]*$/.test(node.id))
      .map((node) => registry.datasets.find(node.id.slice('dataset:'.length)))
      .filter((dataset): dataset is DatasetVersion => dataset !== undefined),
    run: version.madeBy === undefined ? undefined : registry.runs.find(version.madeBy),
    sources,
    edges: toJson(registry.lineage, version.node).edges.filter(({ from, to }) => above.has(from) && above.has(to)),
    moves: registry.models.movesOf(version),
    ledger: { id: registry.ledger.id, size, root, time },
  };
}

/** What evidence states, the newest word on each figure, and the metrics of the registration where no evidence speaks. */
export function figuresOf(version: ModelVersion): readonly EvidenceMetric[] {
  const figures = new Map<string, EvidenceMetric>();
  for (const [metric, value] of Object.entries(version.metrics)) figures.set(`${metric}\n`, { metric, value });
  for (const { metrics } of version.evidence) for (const m of metrics) figures.set(`${m.metric}\n${m.slice ?? ''}`, m);
  return [...figures.values()];
}

/** The newest evidence of each kind that does not pass: what is known to be weak, and what is not known. */
export function limitsOf(version: ModelVersion): readonly string[] {
  const newest = new Map(version.evidence.map((e) => [e.kind, e]));
  return [...newest.values()]
    .filter((e) => e.verdict !== 'pass')
    .map(
      (e) =>
        `${e.kind} ${e.verdict === 'fail' ? 'fails' : 'is undecided'}${e.sentence === '' ? '' : `: ${e.sentence}`}`,
    );
}
