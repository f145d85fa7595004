import type { ModelVersion, Registry } from '@millwright/registry';
import { type MlflowClient, type MlflowOptions, mlflowClient } from './client.js';
import { type MlflowReport, type MlflowStep, TAG } from './report.js';

/** Where a model of this registry goes to in MLflow. */
export interface MlflowExport extends MlflowOptions {
  /** Name of the model there. Default: its name here. */
  readonly as?: string | undefined;
}

/**
 * Registers a model's versions and aliases in MLflow, with their files through its artifact proxy. Versions are tied by the
 * tags `millwright.version` and `millwright.artifact`: exporting again adds what is new. MLflow numbers versions itself, and
 * knows no evidence and no approvals; metrics become tags.
 * @throws `state/not-found`, `storage/failed`
 */
export async function exportToMlflow(registry: Registry, model: string, options: MlflowExport): Promise<MlflowReport> {
  const { dryRun = false } = options;
  const client = mlflowClient(options);
  const { id, description, aliases, name: ownName } = registry.models.get(model);
  const name = options.as ?? ownName;
  const steps: MlflowStep[] = [];
  const there = await client.model(name);
  steps.push({ what: 'model', from: ownName, to: name, outcome: there === undefined ? 'made' : 'kept' });
  if (there === undefined && !dryRun) await client.createModel({ name, description });

  const numbers = new Map<string, string>();
  for (const { version, tags = [] } of there === undefined ? [] : await client.versions(name)) {
    const ours = tags.find(({ key }) => key === TAG.version)?.value;
    if (ours !== undefined && tags.some(({ key, value }) => key === TAG.ledger && value === registry.ledger.id))
      numbers.set(ours, version);
  }
  for (const version of registry.models.versions(id)) {
    const known = numbers.get(version.id);
    const made = known ?? (dryRun ? 'the next one' : await add(registry, client, name, version));
    numbers.set(version.id, made);
    const outcome = known === undefined ? 'made' : 'kept';
    steps.push({ what: 'version', from: version.id, to: `${name}/${made}`, outcome });
  }
  for (const [alias, target] of Object.entries(aliases)) {
    const version = numbers.get(target)!;
    const stands = there?.aliases?.some((each) => each.alias === alias && each.version === version) === true;
    if (!stands && !dryRun) await client.setAlias(name, alias, version);
    steps.push({
      what: 'alias',
      from: `${model}/${alias}`,
      to: `${name}/${version}`,
      outcome: stands ? 'kept' : 'made',
    });
  }
  return { steps };
}

/** The files first: a version that is there has them. */
async function add(registry: Registry, client: MlflowClient, name: string, version: ModelVersion): Promise<string> {
  const { artifact } = await registry.version(version).resolve();
  const folder = `millwright/${registry.ledger.id}/${version.id}`;
  for (const { path } of artifact.manifest.files) await client.put(`${folder}/${path}`, await artifact.stream(path));
  const ties = { [TAG.version]: version.id, [TAG.artifact]: version.artifact, [TAG.ledger]: registry.ledger.id };
  const metrics = Object.entries(version.metrics).map(([key, value]): [string, string] => [
    `${TAG.metric}${key}`,
    String(value),
  ]);
  const tags: Record<string, string> = { ...version.tags, ...Object.fromEntries(metrics), ...ties };
  const made = await client.createVersion({
    name,
    source: `mlflow-artifacts:/${folder}`,
    description: version.description,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  return made.version;
}
