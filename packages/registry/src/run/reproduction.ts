import { type Digest, digestJson, type JsonObject } from '@millwright/core';
import type { LineageGraph } from '@millwright/core/lineage';
import type { ReferenceLike } from '../reference.js';
import type { Runs } from './runs.js';

/** Everything that the ledger knows for doing a run again, and what it does not know. */
export interface Reproduction {
  readonly run: string;
  readonly code: string;
  readonly parameters: JsonObject;
  readonly seeds: readonly number[];
  readonly environment: Readonly<Record<string, string>>;
  /** What went in, each with the digest of its content. */
  readonly inputs: readonly { readonly node: string; readonly digest: Digest | undefined }[];
  /** What came out: the same inputs should give the same digests. */
  readonly outputs: readonly { readonly node: string; readonly digest: Digest | undefined }[];
  readonly metrics: Readonly<Record<string, number>>;
  /** What is not recorded, without which another run may differ: `code`, `seeds`, `digest of dataset:flights@1`. */
  readonly missing: readonly string[];
  /** Of what goes in. Runs with the same one were set up alike. */
  readonly digest: Digest;
}

/**
 * The record for doing a run again. Nothing is guessed: what nobody recorded is named in `missing`.
 *
 * @throws `state/not-found`
 */
export function reproduction(
  registry: { readonly runs: Pick<Runs, 'get'>; readonly lineage: LineageGraph },
  reference: ReferenceLike,
): Reproduction {
  const { id, node, code, parameters, seeds, environment, uses, metrics } = registry.runs.get(reference);
  const { lineage } = registry;
  const described = (of: string) => ({ node: of, digest: lineage.nodes.get(of)?.digest });
  const inputs = uses.map(described);
  const outputs = (lineage.next.get(node) ?? []).filter((made) => !made.startsWith('run:')).map(described);
  const missing = [
    ...(code === '' ? ['code'] : []),
    ...(seeds.length === 0 ? ['seeds'] : []),
    ...(Object.keys(environment).length === 0 ? ['environment'] : []),
    ...(uses.length === 0 ? ['inputs'] : []),
    ...inputs.filter(({ digest }) => digest === undefined).map((input) => `digest of ${input.node}`),
  ];
  const setUp = {
    code,
    parameters,
    seeds: [...seeds],
    environment: { ...environment },
    inputs: inputs.map((input) => [input.node, input.digest ?? null]),
  };
  return {
    run: id,
    code,
    parameters,
    seeds,
    environment,
    inputs,
    outputs,
    metrics,
    missing,
    digest: digestJson(setUp),
  };
}
