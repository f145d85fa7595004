import type { AliasRecord, Evidence, RegisteredModel } from '../model/index.js';
import type { Registry } from '../registry.js';
import { cell, day } from './markdown.js';

/** What is in use, under which name, since when, and on what grounds. */
export interface Catalogue {
  /** By model, then by alias. */
  readonly systems: readonly DeployedSystem[];
  /** Share of systems whose version has evidence, all of it passing; undefined when nothing is in use. */
  readonly evidenceCoverage: number | undefined;
  toMarkdown(): string;
}

/** A version in use, with what speaks for it. */
export interface DeployedSystem {
  readonly model: RegisteredModel;
  readonly alias: string;
  readonly version: string;
  /** The move that brought it into use. */
  readonly move: AliasRecord;
  /** The newest evidence of each kind. */
  readonly evidence: readonly Evidence[];
  /** Roles in which somebody approved it. */
  readonly approvedAs: readonly string[];
  /** The rules of the alias hold a version to something. */
  readonly governed: boolean;
}

/** Lists every alias that points to a version: the systems that an organisation runs, from the ledger alone. */
export function deployedSystems(registry: Registry): Catalogue {
  const systems: DeployedSystem[] = [];
  for (const model of allModels(registry)) {
    for (const [alias, version] of Object.entries(model.aliases)) {
      const { evidence, approvals } = registry.models.version(version);
      systems.push({
        model,
        alias,
        version,
        move: registry.models.history(model.id, alias).at(-1)!,
        evidence: [...new Map(evidence.map((e) => [e.kind, e])).values()],
        approvedAs: [...new Set(approvals.map((approval) => approval.role))],
        governed: Object.hasOwn(registry.policies.get(model.id)?.aliases ?? {}, alias),
      });
    }
  }
  systems.sort((a, b) => order(a.model.name, b.model.name) || order(a.alias, b.alias));
  const covered = systems.filter(({ evidence }) => evidence.length > 0 && evidence.every((e) => e.verdict === 'pass'));
  return {
    systems,
    evidenceCoverage: systems.length === 0 ? undefined : covered.length / systems.length,
    toMarkdown: () => [HEADER, ...systems.map(row), ''].join('\n'),
  };
}

function* allModels({ models }: Registry): Generator<RegisteredModel> {
  let after: string | undefined;
  do {
    const page = models.list({}, { limit: 1_000, after });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const HEADER =
  '| model | owner | risk | used for | alias | version | since | by | evidence | approved as | rules |\n|---|---|---|---|---|---|---|---|---|---|---|';

function row({ model, alias, version, move, evidence, approvedAs, governed }: DeployedSystem): string {
  const judged = evidence.map((e) => `${e.kind}: ${e.verdict}`).join(', ') || 'none';
  const cells = [model.name, model.owner, model.risk, model.intendedUse, alias, version, day(move.time), move.by];
  const rest = [judged, approvedAs.join(', ') || 'none', governed ? 'yes' : 'none'];
  return `| ${[...cells, ...rest].map(cell).join(' | ')} |`;
}
